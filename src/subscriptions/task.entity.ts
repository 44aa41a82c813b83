import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type TaskState } from '../vocabulary/index.js';

/** A group of DIDs that a subscription tells its consumer about. */
@Entity('subscription_tasks')
@Unique(['subscriptionId', 'number'])
export class SubscriptionTaskEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column(int8) files!: bigint;
  @Column(int8) bytes!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'flush_at', nullable: true }) flushAt!: Date | null;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil!: Date | null;
  @Column('int', { name: 'subscription_id' }) subscriptionId!: number;
  @Column('int', { nullable: true }) number!: number | null;
  @Column('int') dids!: number;
  @Column('int') attempts!: number;
  @Column(letter) state!: TaskState;
  @Column('text', { name: 'group_key' }) groupKey!: string;
  @Column('text', { nullable: true }) consumer!: string | null;
  @Column('text', { name: 'external_id', nullable: true }) externalId!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
}
