import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8, letter } from '../db/index.js';
import { type LockState } from '../vocabulary/index.js';

/** What holds a copy at a storage element for a rule. */
@Entity('locks')
export class LockEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @Column(int8) bytes!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column(letter) state!: LockState;
}
