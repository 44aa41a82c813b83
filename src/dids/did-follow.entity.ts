import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** An account that wants to hear of a DID. */
@Entity('did_follows')
export class DidFollowEntity {
  @PrimaryColumn({ ...int8, name: 'did_id' }) didId!: bigint;
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
