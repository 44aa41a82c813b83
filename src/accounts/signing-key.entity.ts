import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key pair that signs storage tokens. */
@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn('text') kid!: string;
  @Column('bytea', { name: 'private_key_encrypted' }) privateKeyEncrypted!: Buffer;
  @Column('jsonb', { name: 'public_jwk' }) publicJwk!: object;
  @Column('timestamptz', { name: 'active_from' }) activeFrom!: Date;
  @Column('timestamptz', { name: 'retired_at', nullable: true }) retiredAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
