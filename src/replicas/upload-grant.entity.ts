import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A URL for writing that was given away, and the removal of what an earlier upload left. */
@Entity('upload_grants')
export class UploadGrantEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @PrimaryColumn('text') path!: string;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'removing_until', nullable: true }) removingUntil!: Date | null;
  @Column('int') removals!: number;
}
