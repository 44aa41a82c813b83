import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is said about a storage element: expressions match it. The value is text as stored. */
@Entity('rse_attributes')
export class RseAttributeEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
