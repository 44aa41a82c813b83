import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { AppendOnly, identity8, int8 } from '../db/index.js';

/** What an account is charged for: folded; the open deltas come on top. */
@Entity('account_usage')
export class AccountUsageEntity {
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column(int8) bytes!: bigint;
  @Column(int8) files!: bigint;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}

/** A change of what an account is charged for that is not folded yet. */
@Entity('account_usage_deltas')
export class AccountUsageDeltaEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column(int8) bytes!: bigint;
  @Column(int8) files!: bigint;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}

/** What an account was once charged for. */
@AppendOnly('account_usage_history')
export class AccountUsageHistoryEntity {
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column(int8) bytes!: bigint;
  @Column(int8) files!: bigint;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
