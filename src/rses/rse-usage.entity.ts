import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { AppendOnly, identity8, int8 } from '../db/index.js';

/** What a storage element holds, in bytes: folded; the open deltas come on top. */
@Entity('rse_usage')
export class RseUsageEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @PrimaryColumn('text') source!: string;
  @Column(int8) used!: bigint;
  @Column({ ...int8, nullable: true }) free!: bigint | null;
  @Column({ ...int8, nullable: true }) files!: bigint | null;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}

/** A change of what a storage element holds that is not folded yet. */
@Entity('rse_usage_deltas')
export class RseUsageDeltaEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column(int8) bytes!: bigint;
  @Column(int8) files!: bigint;
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}

/** What a storage element once held. */
@AppendOnly('rse_usage_history')
export class RseUsageHistoryEntity {
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column('text') source!: string;
  @Column(int8) used!: bigint;
  @Column({ ...int8, nullable: true }) free!: bigint | null;
  @Column({ ...int8, nullable: true }) files!: bigint | null;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
