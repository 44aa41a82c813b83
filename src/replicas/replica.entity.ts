import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8, letter } from '../db/index.js';
import { type ReplicaState } from '../vocabulary/index.js';

/** A copy of a file at a storage element. */
@Entity('replicas')
export class ReplicaEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column(int8) bytes!: bigint;
  @Column('timestamptz', { nullable: true }) tombstone!: Date | null;
  @Column('timestamptz', { name: 'accessed_at', nullable: true }) accessedAt!: Date | null;
  @Column('timestamptz', { name: 'verified_at', nullable: true }) verifiedAt!: Date | null;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'lock_cnt' }) lockCnt!: number;
  @Column(letter) state!: ReplicaState;
}
