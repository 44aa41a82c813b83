import { Column } from 'typeorm';
import { AppendOnly, int8, letter } from '../db/index.js';
import { type DidType } from '../vocabulary/index.js';
import { RuleColumns } from './rule.entity.js';

/** A rule that is no more. */
@AppendOnly('rules_history')
export class RuleHistoryEntity extends RuleColumns {
  @Column(int8) id!: bigint;
  @Column('text') scope!: string;
  @Column('text') name!: string;
  @Column({ ...letter, name: 'did_type' }) didType!: DidType;
  @Column('timestamptz', { name: 'deleted_at' }) deletedAt!: Date;
}
