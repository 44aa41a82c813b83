import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type Evaluation } from '../vocabulary/index.js';

/** A collection whose content changed and whose rules have not been told yet. */
@Entity('updated_dids')
export class UpdatedDidEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column({ ...int8, name: 'child_from' }) childFrom!: bigint;
  @Column({ ...int8, name: 'child_to' }) childTo!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column(letter) action!: Evaluation;
}
