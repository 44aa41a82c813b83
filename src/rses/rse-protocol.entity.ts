import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A way to reach a storage element. */
@Entity('rse_protocols')
export class RseProtocolEntity {
  @PrimaryColumn('int', { name: 'rse_id' }) rseId!: number;
  @PrimaryColumn('text') scheme!: string;
  @PrimaryColumn('text') hostname!: string;
  @PrimaryColumn('int') port!: number;
  @Column('text') prefix!: string;
  @Column('text') impl!: string;
  @Column('jsonb') domains!: object;
  @Column('jsonb', { name: 'extended_attributes', nullable: true }) extendedAttributes!:
    object | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
