import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A wish to look at a copy that somebody could not read. */
@Entity('verifications')
export class VerificationEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int') attempt!: number;
  @Column('timestamptz', { name: 'asked_at' }) askedAt!: Date;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
}
