import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity4, int8 } from '../db/index.js';

/** Bulk work by the calendar. */
@Entity('job_schedules')
@Unique(['uid'])
export class JobScheduleEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column({ ...int8, name: 'last_job_id', nullable: true }) lastJobId!: bigint | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'next_at' }) nextAt!: Date;
  @Column('boolean') enabled!: boolean;
  @Column('uuid') uid!: string;
  @Column('text') kind!: string;
  @Column('text') cron!: string;
  @Column('text', { name: 'time_zone' }) timeZone!: string;
  @Column('text', { nullable: true }) comments!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('json') given!: object;
  @Column('json') spec!: object;
}
