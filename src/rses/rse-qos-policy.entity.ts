import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A quality of service that a storage element can be asked for. */
@Entity('rse_qos_policies')
export class RseQosPolicyEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @PrimaryColumn('text') policy!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
