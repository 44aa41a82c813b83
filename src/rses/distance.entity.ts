import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far it is from one storage element to another; the nearer source is asked first. */
@Entity('distances')
export class DistanceEntity {
  @PrimaryColumn('int', { name: 'source_id' }) sourceId!: number;
  @PrimaryColumn('int', { name: 'destination_id' }) destinationId!: number;
  @Column('int') distance!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
