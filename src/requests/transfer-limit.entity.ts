import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity4, int8, letter } from '../db/index.js';
import { type TransferDirection } from '../vocabulary/index.js';

/** How many transfers may go on at once from or to what an RSE expression names. */
@Entity('transfer_limits')
@Unique(['rseExpression', 'activity', 'direction'])
export class TransferLimitEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column('smallint', { nullable: true }) activity!: number | null;
  @Column(letter) direction!: TransferDirection;
  @Column('int', { name: 'max_transfers', nullable: true }) maxTransfers!: number | null;
  @Column({ ...int8, nullable: true }) volume!: bigint | null;
  @Column('int', { nullable: true }) deadline!: number | null;
  @Column('text', { nullable: true }) strategy!: string | null;
  @Column('int', { nullable: true }) transfers!: number | null;
  @Column('int', { nullable: true }) waitings!: number | null;
  @Column('uuid', { unique: true }) uid!: string;
  @Column('text', { name: 'rse_expression' }) rseExpression!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
