import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** How many bytes an account may have at a storage element; -1 is unlimited. */
@Entity('account_limits')
export class AccountLimitEntity {
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column(int8) bytes!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}

/** How many bytes an account may have at all storage elements of an expression; -1 is unlimited. */
@Entity('global_account_limits')
export class GlobalAccountLimitEntity {
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('text', { name: 'rse_expression' }) rseExpression!: string;
  @Column(int8) bytes!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
