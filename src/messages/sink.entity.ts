import { Column, Entity, PrimaryColumn } from 'typeorm';
import { int8 } from '../db/index.js';

/** How far a sink has been told, and who tells it now. */
@Entity('message_sinks')
export class MessageSinkEntity {
  @PrimaryColumn('text') sink!: string;
  @Column(int8) xact!: bigint;
  @Column(int8) id!: bigint;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('int') attempts!: number;
  @Column('uuid', { nullable: true }) token!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
}
