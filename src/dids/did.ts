import { join, sql, type Sql } from '../db/index.js';
import {
  type AccountId,
  type DidAvailability,
  type DidId,
  type DidName,
  type DidType,
} from '../vocabulary/index.js';

/** A data identifier as stored, without its metadata. */
export interface Did extends DidName {
  readonly id: DidId;
  readonly type: DidType;
  readonly accountId: AccountId;
  /** Of files; collections have sizes: see sizesOf. */
  readonly bytes: bigint | null;
  /** Null for files. */
  readonly isOpen: boolean | null;
  readonly monotonic: boolean;
  readonly availability: DidAvailability;
  readonly expiredAt: Date | null;
  /** The unsigned checksum as two's complement. */
  readonly adler32: number | null;
  /** As a uuid, dashes included. */
  readonly md5: string | null;
  readonly guid: string | null;
  readonly isArchive: boolean | null;
  readonly constituent: boolean | null;
  readonly purgeReplicas: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The columns of Did from the alias `d`. */
export const didColumns: Sql = join(
  [
    sql`d.id, d.scope, d.name, d.type, d.account_id AS "accountId", d.bytes, d.is_open AS "isOpen"`,
    sql`d.monotonic, d.availability, d.expired_at AS "expiredAt", d.adler32, d.md5, d.guid`,
    sql`d.is_archive AS "isArchive", d.constituent, d.purge_replicas AS "purgeReplicas"`,
    sql`d.created_at AS "createdAt", d.updated_at AS "updatedAt"`,
  ],
  ', ',
);

/** `scope:name`, for messages. */
export const nameOf = ({ scope, name }: DidName): string => `${scope}:${name}`;
