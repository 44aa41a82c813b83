import { randomUUID } from 'node:crypto';
import { type Tx } from '../db/index.js';
import { LifetimeExceptionDuplicate, UnsupportedOperation } from '../errors/index.js';
import { setting } from '../settings/index.js';
import { type DidName, parseMomentOrDay } from '../vocabulary/index.js';
import {
  type ExceptionTerms,
  insertExceptions,
  mortalDids,
  type MortalDid,
} from './lifetime-exception.sql.js';

const SECTION = 'lifetime_model';
const DAY_MS = 86_400_000;

/** What came of a wish that DIDs outlive their end of life. */
export interface AskedExceptions {
  /** By the wish's uid: the DIDs of one scope and datatype are one wish. */
  readonly asked: ReadonlyMap<string, readonly MortalDid[]>;
  readonly unknown: readonly DidName[];
  /** Their end comes after the cut-off, or never. */
  readonly unaffected: readonly MortalDid[];
}

/**
 * Asks that DIDs outlive their end of life, until `expiresAt`, at most `lifetime_model.max_extension`
 * days from now. Only those are affected whose end comes before `lifetime_model.cutoff_date`.
 * Throws UnsupportedOperation (no cut-off date, or one that has passed), LifetimeExceptionDuplicate
 * (the account waits for a decision on one of them already).
 */
export async function askExceptions(
  tx: Tx,
  names: readonly DidName[],
  terms: ExceptionTerms,
): Promise<AskedExceptions> {
  const cutoff = await cutoffDate(tx, terms.now);
  const found = await mortalDids(tx, names, terms.accountId);
  const affected = found.filter(({ eolAt }) => eolAt !== null && eolAt < cutoff);
  const waiting = affected.find(({ waits }) => waits);
  if (waiting) {
    const did = `${waiting.scope}:${waiting.name}`;
    throw new LifetimeExceptionDuplicate(`A decision on '${did}' is being waited for`, {
      scope: waiting.scope,
      name: waiting.name,
    });
  }
  const asked = new Map(wishesFrom(affected).map((dids) => [randomUUID() as string, dids]));
  const wishes = [...asked].map(([uid, dids]) => ({ uid, didIds: dids.map(({ id }) => id) }));
  const expiresAt = await longest(tx, terms);
  await insertExceptions(tx, wishes, { ...terms, expiresAt });
  const known = new Set(found.map(({ scope, name }) => `${scope}:${name}`));
  return {
    asked,
    unknown: names.filter(({ scope, name }) => !known.has(`${scope}:${name}`)),
    unaffected: found.filter((did) => !affected.includes(did)),
  };
}

/** DIDs of one scope and datatype together. */
function wishesFrom(dids: readonly MortalDid[]): MortalDid[][] {
  const groups = new Map<string, MortalDid[]>();
  for (const did of dids) {
    const key = `${did.scope} ${did.datatype ?? ''}`;
    const group = groups.get(key);
    if (group) group.push(did);
    else groups.set(key, [did]);
  }
  return [...groups.values()];
}

async function cutoffDate(tx: Tx, now: Date): Promise<Date> {
  const text = await setting(tx, SECTION, 'cutoff_date');
  const cutoff = text === undefined ? undefined : parseMomentOrDay(text);
  if (cutoff && cutoff > now) return cutoff;
  throw new UnsupportedOperation(
    cutoff === undefined
      ? `No exception can be asked for: the setting ${SECTION}.cutoff_date is no date (YYYY-MM-DD)`
      : `No exception can be asked for: the cut-off date ${text} has passed`,
  );
}

/** Until when it may live: as asked for, or as long as anything may. */
async function longest(tx: Tx, { expiresAt, now }: ExceptionTerms): Promise<Date | null> {
  const days = Number(await setting(tx, SECTION, 'max_extension'));
  if (!Number.isFinite(days) || days <= 0) return expiresAt;
  const end = new Date(now.getTime() + Math.min(days, 36_500) * DAY_MS);
  return expiresAt !== null && expiresAt < end ? expiresAt : end;
}
