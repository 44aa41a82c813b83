import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { identity8, int8 } from '../db/index.js';

/** Length and bytes of a dataset: folded; the open deltas come on top. */
@Entity('collections')
export class CollectionEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column(int8) length!: bigint;
  @Column(int8) bytes!: bigint;
}

/** A change of a dataset that is not folded yet. */
@Entity('collection_deltas')
export class CollectionDeltaEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column(int8) length!: bigint;
  @Column(int8) bytes!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
