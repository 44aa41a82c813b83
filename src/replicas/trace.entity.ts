import { Column } from 'typeorm';
import { AppendOnly } from '../db/index.js';

/** What a client told of an access. */
@AppendOnly('traces')
export class TraceEntity {
  @Column('jsonb') payload!: object;
  @Column('text') address!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
