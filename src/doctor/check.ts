import { sql, type Sql, type Tx } from '../db/index.js';
import { type AccountId, type DidId, type RseId, type RuleId } from '../vocabulary/index.js';

/** A row that denies what a check says. */
export interface Denial {
  /** Where it stands in the check's walk. */
  readonly key: bigint;
  readonly didId: DidId | null;
  readonly rseId: RseId | null;
  readonly ruleId: RuleId | null;
  readonly accountId: AccountId | null;
  /** What is there, and what should be. */
  readonly fact: string;
}

/** The same by the names of the wire, for people, events and the record of changes. */
export interface NamedDenial extends Denial {
  /** `km3net:run_1 at A-DISK for rule 4f…`. */
  readonly subject: string;
}

/** By which times and bounds a check judges and mends. */
export interface DoctorTerms {
  readonly now: Date;
  /** What may be so for a while is wrong only if it was so before: uploads, requests of a moment. */
  readonly since: Date;
  /** Nobody else is at work: what the daemons would still put right is wrong too. */
  readonly atRest?: boolean;
  readonly lockRetrySeconds: number;
  readonly lockRetrySecondsMax: number;
  readonly expressRetrySeconds: number;
  readonly tombstoneDelaySeconds: number;
  readonly sliceLocks: number;
}

/** The keys in whose order a check looks at the catalogue, in slices. */
export interface Walk {
  readonly table: Sql;
  readonly key: Sql;
  /** Rows a slice are so many times fewer: each is more work. Infinity: one at a time. */
  readonly weight: number;
}

/** Condition on a column that holds the walk's key: it is one of those to look at. */
export type Within = (key: Sql) => Sql;

/**
 * One thing that must be true of the catalogue at the end of every transaction, so that one statement,
 * which sees one moment, never gives a false alarm; what may be otherwise for a while is left out by
 * the statement itself.
 */
export interface Check {
  readonly name: string;
  /** What must be true. */
  readonly says: string;
  /** How it is mended, or what a person can do. */
  readonly remedy: string;
  /** It is computed from rows that stay as they are: may be mended without asking anybody. */
  readonly derived?: boolean;
  readonly walk: Walk;
  /** Rows (key, did_id, rse_id, rule_id, account_id, fact) that deny it: see `denials`. */
  readonly denials: (within: Within, terms: DoctorTerms) => Sql;
  /** Locks what writers would change, in their order, until the transaction ends. */
  readonly hold?: (tx: Tx, found: readonly Denial[]) => Promise<unknown>;
  /** Mends what is wrong still, in a fresh snapshot after `hold`. Missing: only a person can. */
  readonly mend?: (tx: Tx, found: readonly Denial[], terms: DoctorTerms) => Promise<void>;
}

/** What a row is about; missing keys are null. */
export interface Columns {
  readonly key: Sql;
  readonly did?: Sql;
  readonly rse?: Sql;
  readonly rule?: Sql;
  readonly account?: Sql;
  /** Text. */
  readonly fact: Sql;
}

const nothing = sql`NULL`;

/** SELECT of a check's rows; `from` is what follows FROM. */
export const denials = (
  { key, did = nothing, rse = nothing, rule = nothing, account = nothing, fact }: Columns,
  from: Sql,
): Sql => sql`
  SELECT (${key})::bigint AS key, (${did})::bigint AS did_id, (${rse})::int AS rse_id,
         (${rule})::bigint AS rule_id, (${account})::int AS account_id, (${fact})::text AS fact
    FROM ${from}`;

/** A walk over the files of a table. */
export const byFile = (table: Sql, key = sql`did_id`): Walk => ({ table, key, weight: 1 });

/** Everything: no condition but what a column needs to be one. */
export const everything: Within = () => sql`true`;

/** A range of keys, without its first and with its last. */
export const range =
  (after: bigint, upTo: bigint): Within =>
  (key) =>
    sql`(${key} > ${after}::bigint AND ${key} <= ${upTo}::bigint)`;

/** These keys. */
export const among =
  (keys: readonly bigint[]): Within =>
  (key) =>
    sql`${key} = ANY (${[...keys]}::bigint[])`;
