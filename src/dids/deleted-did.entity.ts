import { Column } from 'typeorm';
import { AppendOnly, int8, letter } from '../db/index.js';
import { type DidType } from '../vocabulary/index.js';

/** A data identifier that is no more, with its last row. */
@AppendOnly('deleted_dids')
export class DeletedDidEntity {
  @Column(int8) id!: bigint;
  @Column(letter) type!: DidType;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column({ ...int8, nullable: true }) bytes!: bigint | null;
  @Column('text') scope!: string;
  @Column('text') name!: string;
  @Column('jsonb') did!: object;
  @Column('jsonb', { nullable: true }) meta!: object | null;
  @Column('timestamptz', { name: 'deleted_at' }) deletedAt!: Date;
}
