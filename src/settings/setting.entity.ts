import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An option of the catalogue's own settings, as text. */
@Entity('settings')
export class SettingEntity {
  @PrimaryColumn('text') section!: string;
  @PrimaryColumn('text') option!: string;
  @Column('text') value!: string;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
