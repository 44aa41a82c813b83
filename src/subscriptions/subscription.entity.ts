import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity4, letter } from '../db/index.js';
import { type SubscriptionState } from '../vocabulary/index.js';

/** A standing order: which new DIDs get which rules. */
@Entity('subscriptions')
@Unique(['uid'])
@Unique(['accountId', 'name'])
export class SubscriptionEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('timestamptz', { name: 'last_processed' }) lastProcessed!: Date;
  @Column('smallint') priority!: number;
  @Column('int', { name: 'task_count' }) taskCount!: number;
  @Column(letter) state!: SubscriptionState;
  @Column('boolean') retroactive!: boolean;
  @Column('boolean', { name: 'wants_files' }) wantsFiles!: boolean;
  @Column('uuid') uid!: string;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) comments!: string | null;
  @Column('json') filter!: object;
  @Column('json', { name: 'replication_rules' }) replicationRules!: object[];
}
