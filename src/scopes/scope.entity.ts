import { Column, Entity, PrimaryColumn } from 'typeorm';
import { letter } from '../db/index.js';
import { type ScopeStatus } from '../vocabulary/index.js';

/** A part of the name space, owned by one account. */
@Entity('scopes')
export class ScopeEntity {
  @PrimaryColumn('text') name!: string;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column(letter) status!: ScopeStatus;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt!: Date | null;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
