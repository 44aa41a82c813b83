import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { type Database, type Tx } from '../db/index.js';
import { readKeyFile, seal, unseal } from './key-file.js';
import {
  deleteRetiredKeys,
  insertSigningKey,
  lockSigningKeys,
  retireSigningKeys,
  type SigningKeyRow,
  signingKeyRows,
} from './signing-key.sql.js';

export const SIGNING_ALGORITHM = 'ES256';

/** How storage tokens are signed. */
export interface SigningSettings {
  /** The key file that encrypts the private halves. */
  readonly keyFile: string;
  /** A key is published so long before its first use: storages cache what they have read. */
  readonly publishSeconds: number;
  readonly rotationDays: number;
  /** No token lives longer; a retired key is published until its last one has ended. */
  readonly tokenSecondsMax: number;
}

/** A key that may sign now. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

interface Kept extends SigningKey {
  readonly until: number;
}

/** A process looks again after this time, so that a key that was rotated elsewhere is taken up. */
const KEEP_MS = 60_000;
const DAY_MS = 86_400_000;

const kept = new WeakMap<Database, Kept>();

/**
 * The key that signs at this moment. Makes the first key, and the next one in time: published now,
 * active when every storage has read it. Not inside a transaction: it reads the key file.
 */
export async function currentSigningKey(
  db: Database,
  settings: SigningSettings,
  now: Date,
): Promise<SigningKey> {
  const known = kept.get(db);
  if (known && known.until > now.getTime() && known.until - KEEP_MS <= now.getTime()) return known;
  const secret = readKeyFile(settings.keyFile);
  let found = await db.read((tx) => signingKeyRows(tx));
  if (needsKey(found, settings, now)) found = await addKey(db, secret, settings, now);
  const row = activeKey(found, now);
  if (!row) throw new Error('no signing key is active');
  const pem = unseal(secret, row.kid, row.privateKeyEncrypted);
  const privateKey = createPrivateKey(pem);
  const fresh = { kid: row.kid, privateKey, until: now.getTime() + KEEP_MS };
  kept.set(db, fresh);
  return fresh;
}

/** The public halves of every key that a live token may name, and of the next one. */
export async function publishedKeys(
  tx: Tx,
  settings: Pick<SigningSettings, 'tokenSecondsMax'>,
  now: Date,
): Promise<Readonly<Record<string, unknown>>[]> {
  const since = now.getTime() - settings.tokenSecondsMax * 1000;
  const found = await signingKeyRows(tx);
  return found
    .filter(({ retiredAt }) => retiredAt === null || retiredAt.getTime() >= since)
    .map(({ publicJwk }) => publicJwk);
}

/** The youngest key that is active; by a clock that is behind all of them, the oldest. */
function activeKey(keys: readonly SigningKeyRow[], now: Date): SigningKeyRow | undefined {
  const signing = keys.filter(({ retiredAt }) => retiredAt === null);
  return signing.find(({ activeFrom }) => activeFrom <= now) ?? signing.at(-1);
}

/** Whether there is no key yet, or the youngest is old and no successor is announced. */
function needsKey(keys: readonly SigningKeyRow[], settings: SigningSettings, now: Date): boolean {
  if (!activeKey(keys, now)) return true;
  const youngest = keys[0]?.activeFrom.getTime() ?? 0;
  return now.getTime() - youngest > settings.rotationDays * DAY_MS;
}

async function addKey(
  db: Database,
  secret: Buffer,
  settings: SigningSettings,
  now: Date,
): Promise<SigningKeyRow[]> {
  const kid = randomUUID();
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const privateKeyEncrypted = seal(secret, kid, await exportPKCS8(pair.privateKey));
  const publicJwk = {
    ...(await exportJWK(pair.publicKey)),
    kid,
    alg: SIGNING_ALGORITHM,
    use: 'sig',
  };
  return await db.tx(async (tx) => {
    await lockSigningKeys(tx);
    const keys = await signingKeyRows(tx);
    if (!needsKey(keys, settings, now)) return keys;
    // Nobody can have cached anything before the first key: it may sign at once.
    const active = activeKey(keys, now);
    const activeFrom = active ? new Date(now.getTime() + settings.publishSeconds * 1000) : now;
    await insertSigningKey(tx, { kid, privateKeyEncrypted, publicJwk, activeFrom });
    if (active) await retireSigningKeys(tx, active.activeFrom, now);
    await deleteRetiredKeys(tx, new Date(now.getTime() - 2 * settings.tokenSecondsMax * 1000));
    return await signingKeyRows(tx);
  });
}
