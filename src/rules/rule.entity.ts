import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type RuleGrouping, type RuleNotification, type RuleState } from '../vocabulary/index.js';

/** The columns that a rule and its history share. */
export abstract class RuleColumns {
  @Column({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column({ ...int8, name: 'child_rule_id', nullable: true }) childRuleId!: bigint | null;
  @Column({ ...int8, name: 'locks_ok' }) locksOk!: bigint;
  @Column({ ...int8, name: 'locks_replicating' }) locksReplicating!: bigint;
  @Column({ ...int8, name: 'locks_stuck' }) locksStuck!: bigint;
  @Column({ ...int8, name: 'cursor_dataset', nullable: true }) cursorDataset!: bigint | null;
  @Column({ ...int8, name: 'cursor_child', nullable: true }) cursorChild!: bigint | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { name: 'eol_at', nullable: true }) eolAt!: Date | null;
  @Column('timestamptz', { name: 'stuck_at', nullable: true }) stuckAt!: Date | null;
  @Column('timestamptz', { name: 'inject_at', nullable: true }) injectAt!: Date | null;
  @Column('timestamptz', { name: 'repair_at', nullable: true }) repairAt!: Date | null;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int') copies!: number;
  @Column('int', { name: 'repair_attempts' }) repairAttempts!: number;
  @Column('smallint') activity!: number;
  @Column('smallint') priority!: number;
  @Column(letter) state!: RuleState;
  @Column({ ...letter, name: 'did_grouping' }) didGrouping!: RuleGrouping;
  @Column(letter) notification!: RuleNotification;
  @Column('boolean') locked!: boolean;
  @Column('boolean', { name: 'purge_replicas' }) purgeReplicas!: boolean;
  @Column('boolean', { name: 'ignore_availability' }) ignoreAvailability!: boolean;
  @Column('boolean', { name: 'ignore_account_limit' }) ignoreAccountLimit!: boolean;
  @Column('boolean', { name: 'split_container' }) splitContainer!: boolean;
  @Column('uuid') uid!: string;
  @Column('uuid', { name: 'subscription_uid', nullable: true }) subscriptionUid!: string | null;
  @Column('text', { name: 'rse_expression' }) rseExpression!: string;
  @Column('text', { name: 'source_replica_expression', nullable: true }) sourceReplicaExpression!:
    string | null;
  @Column('text', { nullable: true }) weight!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('text', { nullable: true }) comments!: string | null;
  @Column('text', { nullable: true }) meta!: string | null;
  @Column('jsonb', { nullable: true }) placement!: object | null;
  @Column('jsonb', { name: 'repair_policy', nullable: true }) repairPolicy!: object | null;
  @Column('timestamptz', { name: 'alerted_at', nullable: true }) alertedAt!: Date | null;
  @Column('jsonb', { nullable: true }) constraints!: object | null;
  @Column('jsonb', { nullable: true }) phases!: object | null;
  @Column('uuid', { name: 'phases_key', nullable: true }) phasesKey!: string | null;
  @Column('smallint', { nullable: true }) phase!: number | null;
  @Column('timestamptz', { name: 'phase_look_at', nullable: true }) phaseLookAt!: Date | null;
  @Column('uuid', { name: 'phase_of', nullable: true }) phaseOf!: string | null;
}

/** What should be true: copies of a data identifier. */
@Entity('rules')
@Unique(['uid'])
export class RuleEntity extends RuleColumns {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
}
