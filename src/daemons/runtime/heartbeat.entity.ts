import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A daemon at work. */
@Entity('heartbeats')
export class HeartbeatEntity {
  @PrimaryColumn('text') executable!: string;
  @PrimaryColumn('text') hostname!: string;
  @PrimaryColumn('int') pid!: number;
  @PrimaryColumn('text', { name: 'thread_name' }) threadName!: string;
  @Column('text', { nullable: true }) payload!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
