import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { identity8 } from '../db/index.js';

/** What a trace says was read, until it is written down. */
@Entity('accesses')
export class AccessEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column('timestamptz', { name: 'accessed_at' }) accessedAt!: Date;
  @Column('text', { nullable: true }) scope!: string | null;
  @Column('text', { nullable: true }) name!: string | null;
  @Column('text', { nullable: true }) rse!: string | null;
  @Column('text', { name: 'dataset_scope', nullable: true }) datasetScope!: string | null;
  @Column('text', { name: 'dataset_name', nullable: true }) datasetName!: string | null;
}
