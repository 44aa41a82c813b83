import { Column } from 'typeorm';
import { AppendOnly } from '../db/index.js';

/** Who changed what. */
@AppendOnly('audit')
export class AuditEntity {
  @Column('int', { name: 'account_id', nullable: true }) accountId!: number | null;
  @Column('text') action!: string;
  @Column('text') subject!: string;
  @Column('jsonb', { nullable: true }) change!: object | null;
  @Column('text', { name: 'request_id', nullable: true }) requestId!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
