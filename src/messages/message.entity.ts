import { Column } from 'typeorm';
import { AppendOnly, int8 } from '../db/index.js';

/** An event of the outbox. */
@AppendOnly('messages')
export class MessageEntity {
  @Column(int8) id!: bigint;
  @Column('text', { name: 'event_type' }) eventType!: string;
  @Column('json') payload!: object;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  /** The transaction that told it. */
  @Column(int8) xact!: bigint;
}
