import { Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** A DID that was made from another one. */
@Entity('derived')
export class DerivedEntity {
  @PrimaryColumn({ ...int8, name: 'child_id' }) childId!: bigint;
  @PrimaryColumn({ ...int8, name: 'parent_id' }) parentId!: bigint;
}
