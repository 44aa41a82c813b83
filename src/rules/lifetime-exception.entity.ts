import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8, letter } from '../db/index.js';
import { type LifetimeExceptionState } from '../vocabulary/index.js';

/** The wish that a DID outlives its end of life. One wish may be about several DIDs. */
@Entity('lifetime_exceptions')
export class LifetimeExceptionEntity {
  @PrimaryColumn('uuid') uid!: string;
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column(letter) state!: LifetimeExceptionState;
  @Column('text', { nullable: true }) pattern!: string | null;
  @Column('text', { nullable: true }) comments!: string | null;
}
