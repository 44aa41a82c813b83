import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A login; the token itself is not kept. */
@Entity('tokens')
export class TokenEntity {
  @PrimaryColumn('bytea') hash!: Buffer;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int', { name: 'identity_id', nullable: true }) identityId!: number | null;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
