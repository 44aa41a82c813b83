import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8, letter } from '../db/index.js';
import { type JobItemState } from '../vocabulary/index.js';

/** One file, copy, lock or rule that a job is about, and what became of it. */
@Entity('job_items')
export class JobItemEntity {
  @PrimaryColumn({ ...int8, name: 'job_id' }) jobId!: bigint;
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @Column(int8) bytes!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'target_rse_id', nullable: true }) targetRseId!: number | null;
  @Column(letter) state!: JobItemState;
  @Column('text', { nullable: true }) error!: string | null;
}
