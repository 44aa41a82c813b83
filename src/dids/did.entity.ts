import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { identity8, int8, letter } from '../db/index.js';
import { type DidAvailability, type DidType } from '../vocabulary/index.js';

/** A file, dataset or container with its built-in metadata. */
@Entity('dids')
@Unique(['scope', 'name'])
export class DidEntity {
  @PrimaryGeneratedColumn('identity', identity8) id!: bigint;
  @Column({ ...int8, nullable: true }) bytes!: bigint | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'expired_at', nullable: true }) expiredAt!: Date | null;
  @Column('timestamptz', { name: 'accessed_at', nullable: true }) accessedAt!: Date | null;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt!: Date | null;
  @Column('timestamptz', { name: 'eol_at', nullable: true }) eolAt!: Date | null;
  @Column({ ...int8, nullable: true }) events!: bigint | null;
  @Column({ ...int8, name: 'run_number', nullable: true }) runNumber!: bigint | null;
  @Column({ ...int8, name: 'task_id', nullable: true }) taskId!: bigint | null;
  @Column({ ...int8, name: 'panda_id', nullable: true }) pandaId!: bigint | null;
  @Column({ ...int8, name: 'access_cnt', nullable: true }) accessCnt!: bigint | null;
  @Column('int', { nullable: true }) lumiblocknr!: number | null;
  @Column('int', { name: 'account_id' }) accountId!: number;
  @Column('int', { nullable: true }) adler32!: number | null;
  @Column(letter) type!: DidType;
  @Column(letter) availability!: DidAvailability;
  @Column('boolean', { name: 'is_open', nullable: true }) isOpen!: boolean | null;
  @Column('boolean') monotonic!: boolean;
  @Column('boolean') hidden!: boolean;
  @Column('boolean') obsolete!: boolean;
  @Column('boolean') suppressed!: boolean;
  @Column('boolean', { name: 'is_new', nullable: true }) isNew!: boolean | null;
  @Column('boolean', { nullable: true }) complete!: boolean | null;
  @Column('boolean', { name: 'purge_replicas' }) purgeReplicas!: boolean;
  @Column('boolean') transient!: boolean;
  @Column('boolean', { name: 'is_archive', nullable: true }) isArchive!: boolean | null;
  @Column('boolean', { nullable: true }) constituent!: boolean | null;
  @Column('uuid', { nullable: true }) md5!: string | null;
  @Column('uuid', { nullable: true }) guid!: string | null;
  @Column('text') scope!: string;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) project!: string | null;
  @Column('text', { nullable: true }) datatype!: string | null;
  @Column('text', { name: 'stream_name', nullable: true }) streamName!: string | null;
  @Column('text', { name: 'prod_step', nullable: true }) prodStep!: string | null;
  @Column('text', { nullable: true }) version!: string | null;
  @Column('text', { nullable: true }) campaign!: string | null;
  @Column('text', { nullable: true }) provenance!: string | null;
  @Column('text', { name: 'phys_group', nullable: true }) physGroup!: string | null;
}
