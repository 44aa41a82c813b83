import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8, letter } from '../db/index.js';
import { type BackfillState } from '../vocabulary/index.js';

/** A subscription's walk over the DIDs that were there before it. */
@Entity('subscription_backfills')
export class SubscriptionBackfillEntity {
  @PrimaryColumn('int', { name: 'subscription_id' }) subscriptionId!: number;
  @Column('int', { name: 'per_minute' }) perMinute!: number;
  @Column({ ...int8, name: 'cursor_id' }) cursorId!: bigint;
  @Column({ ...int8, name: 'until_id' }) untilId!: bigint;
  @Column(int8) seen!: bigint;
  @Column(int8) matched!: bigint;
  @Column(int8) rules!: bigint;
  @Column(int8) tasks!: bigint;
  @Column(int8) failed!: bigint;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column(letter) state!: BackfillState;
  @Column('boolean') again!: boolean;
  @Column('text', { nullable: true }) error!: string | null;
}
