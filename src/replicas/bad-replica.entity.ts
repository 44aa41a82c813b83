import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type BadFileState } from '../vocabulary/index.js';

/** A declaration that a copy is not what it should be. */
@Entity('bad_replicas')
export class BadReplicaEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'account_id', nullable: true }) accountId!: number | null;
  @Column(letter) state!: BadFileState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text', { nullable: true }) cause!: string | null;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  /** When the necromancer ordered a new copy. */
  @Column('timestamptz', { name: 'taken_at', nullable: true }) takenAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
