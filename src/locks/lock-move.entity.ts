import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A lock that another one is to take the place of. */
@Entity('lock_moves')
export class LockMoveEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn({ ...int8, name: 'rule_id' }) ruleId!: bigint;
  @Column('timestamptz') since!: Date;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'target_rse_id' }) targetRseId!: number;
  @Column('boolean') purge!: boolean;
  @Column('text') cause!: string;
}
