import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** Own metadata of a data identifier. */
@Entity('did_meta')
export class DidMetaEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @Column('jsonb') meta!: object;
}
