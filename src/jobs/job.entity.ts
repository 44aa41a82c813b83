import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type JobState } from '../vocabulary/index.js';

/** Bulk work with progress. */
@Entity('jobs')
@Unique(['uid'])
export class JobEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column(int8) total!: bigint;
  @Column(int8) done!: bigint;
  @Column(int8) failed!: bigint;
  @Column({ ...int8, name: 'total_bytes' }) totalBytes!: bigint;
  @Column({ ...int8, name: 'done_bytes' }) doneBytes!: bigint;
  @Column({ ...int8, name: 'failed_bytes' }) failedBytes!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('timestamptz', { name: 'fault_at', nullable: true }) faultAt!: Date | null;
  @Column('int', { name: 'fault_tries', default: 0 }) faultTries!: number;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int', { name: 'schedule_id', nullable: true }) scheduleId!: number | null;
  @Column(letter) state!: JobState;
  @Column('uuid') uid!: string;
  @Column('text') kind!: string;
  @Column('text') step!: string;
  @Column('jsonb', { nullable: true }) cursor!: object | null;
  @Column('text', { nullable: true }) comments!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('text', { nullable: true }) fault!: string | null;
  @Column('json') given!: object;
  @Column('json') spec!: object;
  @Column('jsonb', { nullable: true }) listed!: object[] | null;
}
