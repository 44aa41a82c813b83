import { Column, Entity, PrimaryColumn } from 'typeorm';
import { letter } from '../db/index.js';
import { type KeyType } from '../vocabulary/index.js';

/** A declared metadata key. */
@Entity('meta_keys')
export class MetaKeyEntity {
  @PrimaryColumn('text') key!: string;
  @Column({ ...letter, name: 'key_type' }) keyType!: KeyType;
  @Column('text', { name: 'value_type', nullable: true }) valueType!: string | null;
  @Column('text', { name: 'value_regexp', nullable: true }) valueRegexp!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}

/** A value that a declared key may take. */
@Entity('meta_values')
export class MetaValueEntity {
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('text') value!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
