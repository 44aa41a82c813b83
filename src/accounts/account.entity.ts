import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { identity4, letter } from '../db/index.js';
import { type AccountStatus, type AccountType } from '../vocabulary/index.js';

/** Who owns data, asks for copies and is charged for them. */
@Entity('accounts')
export class AccountEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column(letter) type!: AccountType;
  @Column(letter) status!: AccountStatus;
  @Column('text', { unique: true }) name!: string;
  @Column('text', { nullable: true }) email!: string | null;
  @Column('timestamptz', { name: 'suspended_at', nullable: true }) suspendedAt!: Date | null;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
