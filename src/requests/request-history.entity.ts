import { Column } from 'typeorm';
import { AppendOnly, int8 } from '../db/index.js';
import { RequestColumns } from './request.entity.js';

/** A transfer that is over. */
@AppendOnly('requests_history')
export class RequestHistoryEntity extends RequestColumns {
  @Column(int8) id!: bigint;
  @Column('timestamptz', { name: 'archived_at' }) archivedAt!: Date;
}
