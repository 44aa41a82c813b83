import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A copy whose protection ended by side effect: it may not be the last to go. */
@Entity('guarded_copies')
export class GuardedCopyEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('text') cause!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
