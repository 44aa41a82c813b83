import { Column, Entity, PrimaryColumn } from 'typeorm';
import { AppendOnly, int8 } from '../db/index.js';

/** A child of a collection. */
@Entity('contents')
export class ContentEntity {
  @PrimaryColumn({ ...int8, name: 'parent_id' }) parentId!: bigint;
  @PrimaryColumn({ ...int8, name: 'child_id' }) childId!: bigint;
}

/** A child that was detached. */
@AppendOnly('contents_history')
export class ContentHistoryEntity {
  @Column({ ...int8, name: 'parent_id' }) parentId!: bigint;
  @Column({ ...int8, name: 'child_id' }) childId!: bigint;
  @Column('timestamptz', { name: 'deleted_at' }) deletedAt!: Date;
}
