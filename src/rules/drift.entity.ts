import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A rule holds copies at an RSE that its expression does not name any more. */
@Entity('rule_drifts')
export class RuleDriftEntity {
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @Column({ ...int8, nullable: true }) locks!: bigint | null;
  @Column('timestamptz') since!: Date;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('text', { nullable: true }) error!: string | null;
}

/** What an expression named when the judge looked last. */
@Entity('resolved_expressions')
export class ResolvedExpressionEntity {
  @PrimaryColumn('uuid') digest!: string;
  @Column('timestamptz', { name: 'resolved_at' }) resolvedAt!: Date;
  @Column('text', { name: 'rse_expression' }) rseExpression!: string;
  @Column('jsonb') rses!: number[];
}
