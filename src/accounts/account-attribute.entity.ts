import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is said about an account; policy looks at it. */
@Entity('account_attributes')
export class AccountAttributeEntity {
  @PrimaryColumn('int', { name: 'account_id' }) accountId!: number;
  @PrimaryColumn('text') key!: string;
  @Column('text') value!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
