import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A DID that a subscription has put into one of its groups. */
@Entity('subscription_task_dids')
export class SubscriptionTaskDidEntity {
  @PrimaryColumn('int', { name: 'subscription_id' }) subscriptionId!: number;
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column({ ...int8, name: 'task_id' }) taskId!: bigint;
}
