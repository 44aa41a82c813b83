import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';
import { type PlacementConstraints } from './placement-constraints.js';
import { type DriftReason } from './placement-drift.js';

/** A rule holds copies at an RSE where it would not have them any more. */
@Entity('rule_drifts')
export class RuleDriftEntity {
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @Column({ ...int8, nullable: true }) locks!: bigint | null;
  @Column('timestamptz') since!: Date;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('jsonb', { nullable: true }) why!: DriftReason | null;
}

/** What an expression named when the judge looked last. */
@Entity('resolved_expressions')
export class ResolvedExpressionEntity {
  @PrimaryColumn('uuid') digest!: string;
  @Column('timestamptz', { name: 'resolved_at' }) resolvedAt!: Date;
  @Column('text', { name: 'rse_expression' }) rseExpression!: string;
  @Column('jsonb') rses!: number[];
  @Column('jsonb', { nullable: true }) constraints!: PlacementConstraints | null;
  @Column('text', { nullable: true }) weight!: string | null;
  @Column('jsonb', { nullable: true }) places!: Readonly<Record<string, string>> | null;
}
