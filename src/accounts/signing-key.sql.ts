import { execute, rows, sql, type Tx } from '../db/index.js';

/** A key pair that signs storage tokens. */
export interface SigningKeyRow {
  readonly kid: string;
  readonly privateKeyEncrypted: Buffer;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** It is published before, so that storages know it when the first token comes. */
  readonly activeFrom: Date;
  readonly retiredAt: Date | null;
}

/** Every key, youngest first. */
export async function signingKeyRows(tx: Tx): Promise<SigningKeyRow[]> {
  return await rows<SigningKeyRow>(
    tx,
    sql`SELECT kid, private_key_encrypted AS "privateKeyEncrypted", public_jwk AS "publicJwk",
          active_from AS "activeFrom", retired_at AS "retiredAt"
        FROM signing_keys ORDER BY active_from DESC, kid`,
  );
}

/** Holds back other makers of keys until this transaction ends. */
export async function lockSigningKeys(tx: Tx): Promise<void> {
  await execute(tx, sql`SELECT pg_advisory_xact_lock(hashtext('sluice signing keys'))`);
}

export async function insertSigningKey(
  tx: Tx,
  key: Omit<SigningKeyRow, 'retiredAt'>,
): Promise<void> {
  await execute(
    tx,
    sql`INSERT INTO signing_keys (kid, private_key_encrypted, public_jwk, active_from)
        VALUES (${key.kid}, ${key.privateKeyEncrypted}, ${JSON.stringify(key.publicJwk)}::jsonb,
          ${key.activeFrom})`,
  );
}

/** Notes when the keys that are older than `before` stopped signing. */
export async function retireSigningKeys(tx: Tx, before: Date, now: Date): Promise<void> {
  await execute(
    tx,
    sql`UPDATE signing_keys SET retired_at = ${now}
        WHERE active_from < ${before} AND retired_at IS NULL`,
  );
}

/** Deletes keys that retired before then: no token of theirs is alive. */
export async function deleteRetiredKeys(tx: Tx, before: Date): Promise<void> {
  await execute(tx, sql`DELETE FROM signing_keys WHERE retired_at < ${before}`);
}
