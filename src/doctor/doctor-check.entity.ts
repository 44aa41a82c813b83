import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** How far the doctor has come with one check, and what it found. */
@Entity('doctor_checks')
export class DoctorCheckEntity {
  @PrimaryColumn('text', { name: 'check_name' }) checkName!: string;
  @Column(int8) position!: bigint;
  @Column('timestamptz', { name: 'looked_at' }) lookedAt!: Date;
  @Column('timestamptz', { name: 'leased_until', nullable: true }) leasedUntil!: Date | null;
  @Column('jsonb', { nullable: true }) round!: object | null;
  @Column('jsonb', { name: 'last_round', nullable: true }) lastRound!: object | null;
}
