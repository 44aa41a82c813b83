import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import { int8 } from '../db/index.js';

/** Where a copy is, at a storage element that does not derive paths from names. */
@Entity('replica_paths')
@Unique(['rseId', 'path'])
export class ReplicaPathEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('text') path!: string;
}
