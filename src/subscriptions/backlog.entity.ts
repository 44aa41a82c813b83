import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A DID that a subscription matched and an entry of it could not serve yet. */
@Entity('subscription_backlog')
export class SubscriptionBacklogEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn('int', { name: 'subscription_id' }) subscriptionId!: number;
  @PrimaryColumn('int') entry!: number;
  @Column('timestamptz') since!: Date;
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt!: Date | null;
  @Column('int') attempts!: number;
  @Column('text') error!: string;
}
