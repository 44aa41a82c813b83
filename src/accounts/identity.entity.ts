import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity4, letter } from '../db/index.js';
import { type IdentityType } from '../vocabulary/index.js';

/** A way to prove who one is. */
@Entity('identities')
@Unique(['type', 'identity'])
export class IdentityEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column(letter) type!: IdentityType;
  @Column('text') identity!: string;
  @Column('text', { nullable: true }) email!: string | null;
  @Column('text', { name: 'password_hash', nullable: true }) passwordHash!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}

/** Which identities may act as which accounts. */
@Entity('account_identities')
export class AccountIdentityEntity {
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('int', { name: 'identity_id' }) identityId!: number;
  @Column('boolean', { name: 'is_default' }) isDefault!: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
