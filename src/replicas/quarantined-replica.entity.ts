import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What stands at a storage without being in the catalogue, and who found it. */
@Entity('quarantined_replicas')
export class QuarantinedReplicaEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('text') path!: string;
  @Column('text', { nullable: true }) scope!: string | null;
  @Column('text', { nullable: true }) name!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  /** Until when somebody is deleting it. */
  @Column('timestamptz', { name: 'claimed_until', nullable: true }) claimedUntil!: Date | null;
  /** When it may be tried again. */
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt!: Date | null;
}
