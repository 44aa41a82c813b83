import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { identity4, int8, letter } from '../db/index.js';
import { type RseType } from '../vocabulary/index.js';

/** A storage element. */
@Entity('rses')
export class RseEntity {
  @PrimaryGeneratedColumn('identity', identity4) id!: number;
  @Column(letter) type!: RseType;
  @Column('boolean') deterministic!: boolean;
  @Column('boolean') volatile!: boolean;
  @Column('boolean', { name: 'staging_area' }) stagingArea!: boolean;
  @Column('boolean', { name: 'availability_read' }) availabilityRead!: boolean;
  @Column('boolean', { name: 'availability_write' }) availabilityWrite!: boolean;
  @Column('boolean', { name: 'availability_delete' }) availabilityDelete!: boolean;
  @Column(int8) seed!: bigint;
  @Column('double precision', { nullable: true }) longitude!: number | null;
  @Column('double precision', { nullable: true }) latitude!: number | null;
  @Column('uuid', { unique: true }) uid!: string;
  @Column('text', { unique: true }) name!: string;
  @Column('text', { nullable: true }) city!: string | null;
  @Column('text', { name: 'region_code', nullable: true }) regionCode!: string | null;
  @Column('text', { name: 'country_name', nullable: true }) countryName!: string | null;
  @Column('text', { nullable: true }) continent!: string | null;
  @Column('text', { name: 'time_zone', nullable: true }) timeZone!: string | null;
  @Column('text', { nullable: true }) isp!: string | null;
  @Column('text', { nullable: true }) asn!: string | null;
  @Column('text', { name: 'qos_class', nullable: true }) qosClass!: string | null;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
