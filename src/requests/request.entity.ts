import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type RequestState, type RequestType } from '../vocabulary/index.js';

/** The columns that a request and its history share. */
export abstract class RequestColumns {
  @Column({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column({ ...int8, name: 'rule_id', nullable: true }) ruleId!: bigint | null;
  @Column(int8) bytes!: bigint;
  @Column({ ...int8, name: 'bytes_moved', nullable: true }) bytesMoved!: bigint | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt!: Date | null;
  @Column('timestamptz', { name: 'claimed_until', nullable: true }) claimedUntil!: Date | null;
  @Column('timestamptz', { name: 'submitted_at', nullable: true }) submittedAt!: Date | null;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'source_rse_id', nullable: true }) sourceRseId!: number | null;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('smallint') activity!: number;
  @Column('smallint') priority!: number;
  @Column('smallint') attempt!: number;
  @Column(letter) type!: RequestType;
  @Column(letter) state!: RequestState;
  @Column('boolean') overwrite!: boolean;
  /** Bytes of this attempt may stand under its temporary name. */
  @Column('boolean') leftover!: boolean;
  /** This attempt failed at its destination, whatever the cause. */
  @Column('boolean', { name: 'destination_failed' }) destinationFailed!: boolean;
  @Column('uuid') uid!: string;
  @Column('text', { name: 'claimed_by', nullable: true }) claimedBy!: string | null;
  @Column('text', { nullable: true }) tool!: string | null;
  @Column('text', { name: 'external_id', nullable: true }) externalId!: string | null;
  @Column('text', { nullable: true }) cause!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('text', { nullable: true }) expected!: string | null;
  @Column('text', { nullable: true }) found!: string | null;
}

/** A wanted transfer: the table is the queue. */
@Entity('requests')
@Unique(['didId', 'rseId'])
export class RequestEntity extends RequestColumns {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
}
