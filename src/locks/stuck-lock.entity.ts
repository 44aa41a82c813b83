import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** Why a lock is stuck, and when it is tried again. */
@Entity('stuck_locks')
export class StuckLockEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'source_rse_id', nullable: true }) sourceRseId!: number | null;
  @Column('int') attempts!: number;
  @Column('text') cause!: string;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('text', { nullable: true }) expected!: string | null;
  @Column('text', { nullable: true }) found!: string | null;
  @Column('timestamptz') since!: Date;
  @Column('timestamptz', { name: 'last_at' }) lastAt!: Date;
  @Column('timestamptz', { name: 'next_try_at' }) nextTryAt!: Date;
}
