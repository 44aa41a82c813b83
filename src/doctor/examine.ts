import { execute, lit, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import {
  among,
  type Check,
  type DoctorTerms,
  type NamedDenial,
  range,
  type Within,
} from './check.js';
import { keysOf } from './holds.js';

/** The greatest key there can be. */
export const LAST_KEY = 9_223_372_036_854_775_807n;

/** Rows that are named and mended at once. */
export const FOUND_MAX = 1000;

/** A part of a check's walk: keys behind `after`, up to `upTo`. */
export interface Slice {
  readonly after: bigint;
  readonly upTo: bigint;
  /** Rows in it. */
  readonly seen: number;
}

/** The next slice of about `rowsMax` rows; the last one goes to the end of all keys. */
export async function nextSlice(
  tx: Tx,
  { walk }: Check,
  after: bigint,
  rowsMax: number,
): Promise<Slice> {
  const limit = Math.max(1, Math.floor(rowsMax / walk.weight));
  const { seen, last } = await only<{ seen: number; last: bigint | null }>(
    tx,
    sql`SELECT count(*)::int AS seen, max(s.key)::bigint AS last FROM (
          SELECT ${walk.key} AS key FROM ${walk.table} WHERE ${walk.key} > ${after}::bigint
           ORDER BY ${walk.key} LIMIT ${lit(limit)}) s`,
  );
  return { after, upTo: seen < limit || last === null ? LAST_KEY : last, seen };
}

/** What denies a check in a slice. */
export interface Findings {
  readonly count: number;
  /** At most FOUND_MAX of them, in the order of their keys. */
  readonly found: readonly NamedDenial[];
}

const NOTHING: Findings = { count: 0, found: [] };

/**
 * Looks at a slice, and at what was found a second time, in a snapshot of its own: what is not wrong
 * any more is not told.
 */
export async function examine(
  tx: Tx,
  check: Check,
  slice: Slice,
  terms: DoctorTerms,
): Promise<Findings> {
  const first = await denialsOf(tx, check, range(slice.after, slice.upTo), terms);
  if (first.count === 0) return NOTHING;
  const second = await denialsOf(tx, check, among(keysOf(first.found)), terms);
  const confirmed = second.found.filter((denial) => first.found.some((it) => isSame(it, denial)));
  const gone = first.found.length - confirmed.length;
  return { count: Math.max(confirmed.length, first.count - gone), found: confirmed };
}

const isSame = (a: NamedDenial, b: NamedDenial): boolean =>
  a.key === b.key && a.rseId === b.rseId && a.ruleId === b.ruleId && a.didId === b.didId;

/** Rows that deny a check now, with their names. */
export async function denialsOf(
  tx: Tx,
  check: Check,
  within: Within,
  terms: DoctorTerms,
): Promise<Findings> {
  const found = await rows<Omit<NamedDenial, 'subject'> & Names & { total: bigint }>(
    tx,
    named(check.denials(within, terms)),
  );
  return {
    count: Number(found[0]?.total ?? 0n),
    found: found.map(({ did, rse, rule, account, total: _, ...denial }) => ({
      ...denial,
      subject: subjectOf({ did, rse, rule, account }, denial),
    })),
  };
}

interface Names {
  readonly did: string | null;
  readonly rse: string | null;
  readonly rule: string | null;
  readonly account: string | null;
}

/** Names are looked up for what was found, a probe each, and never joined to all there are. */
const named = (denials: Sql): Sql => sql`
  SELECT f.key, f.did_id AS "didId", f.rse_id AS "rseId", f.rule_id AS "ruleId",
         f.account_id AS "accountId", f.fact, f.total,
         (SELECT d.scope || ':' || d.name FROM dids d WHERE d.id = f.did_id) AS did,
         (SELECT e.name FROM rses e WHERE e.id = f.rse_id) AS rse,
         (SELECT replace(u.uid::text, '-', '') FROM rules u WHERE u.id = f.rule_id) AS rule,
         (SELECT a.name FROM accounts a WHERE a.id = f.account_id) AS account
    FROM (SELECT x.*, count(*) OVER () AS total FROM (${denials}) x
           ORDER BY x.key, x.did_id, x.rse_id, x.rule_id LIMIT ${lit(FOUND_MAX)}) f
   ORDER BY f.key, f.did_id, f.rse_id, f.rule_id`;

/** What a row is about, as people say it: what has no name any more goes by its number. */
function subjectOf(names: Names, denial: Omit<NamedDenial, 'subject'>): string {
  const part = (word: string, name: string | null, id: bigint | number | null) =>
    id === null ? [] : [`${word}${name ?? `#${id}`}`];
  return [
    ...part('', names.did, denial.didId),
    ...part('at ', names.rse, denial.rseId),
    ...part('rule ', names.rule, denial.ruleId),
    ...part('account ', names.account, denial.accountId),
  ].join(' ');
}

/** One doctor at a time mends, until the transaction ends: two would note a difference twice. */
export const lockDoctor = (tx: Tx): Promise<number> =>
  execute(tx, sql`SELECT pg_advisory_xact_lock(hashtext(${lit('sluice-doctor')}))`);
