import { execute, join, lit, lits, one, only, rows, sql, type Sql, type Tx } from '../db/index.js';
import { SubscriptionDuplicate, SubscriptionNotFound } from '../errors/index.js';
import {
  type AccountId,
  AccountStatus,
  parseWireId,
  type RuleState,
  SubscriptionState,
} from '../vocabulary/index.js';
import { type Subscription } from './subscription.js';

const columns = sql`s.id, s.uid, s.name, s.account_id AS "accountId", a.name AS account, s.state,
  s.priority, s.comments, s.retroactive, s.expires_at AS "expiresAt", s.ended_at AS "endedAt",
  s.last_processed AS "lastProcessed", s.created_at AS "createdAt", s.updated_at AS "updatedAt",
  s.filter, s.replication_rules AS "replicationRules"`;
const tables = sql`subscriptions s JOIN accounts a ON a.id = s.account_id`;

/** States in which a subscription makes rules. */
const STANDING: readonly SubscriptionState[] = [
  SubscriptionState.ACTIVE,
  SubscriptionState.UPDATED,
];

/** Whether a subscription is in a state in which it makes rules. */
export const makesRules = ({ state }: Subscription): boolean => STANDING.includes(state);
const standing = sql`s.state IN (${lits(STANDING)})`;

/** Whether subscription `s` makes rules now. */
export const isStanding = (now: Date): Sql => sql`(${standing}
  AND (s.expires_at IS NULL OR s.expires_at > ${now}::timestamptz)
  AND EXISTS (SELECT FROM accounts o WHERE o.id = s.account_id AND o.status <> ${lit(AccountStatus.DELETED)}))`;

/** Which subscriptions: of that account, that name; `*` stands for any characters. */
export interface SubscriptionNames {
  readonly account?: string | undefined;
  readonly name?: string | undefined;
}

function named({ account, name }: SubscriptionNames): Sql {
  const like = (column: Sql, text: string): Sql =>
    text.includes('*')
      ? sql`${column} LIKE ${text.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')}`
      : sql`${column} = ${text}`;
  return join(
    [
      ...(account === undefined ? [] : [like(sql`a.name`, account)]),
      ...(name === undefined ? [] : [like(sql`s.name`, name)]),
      sql`true`,
    ],
    ' AND ',
  );
}

/** A subscription in a list, with what it could not serve yet. */
export interface ListedSubscription extends Subscription {
  /** DIDs that wait, or that were given up. */
  readonly waiting: number;
  readonly lastError: string | null;
}

const listed = sql`${columns}, w.waiting, w.error AS "lastError"`;
const backlog = sql`CROSS JOIN LATERAL (
  SELECT count(DISTINCT b.did_id)::int AS waiting, (array_agg(b.error ORDER BY b.since DESC))[1] AS error
    FROM subscription_backlog b WHERE b.subscription_id = s.id) w`;

/** In the order of their making. Throws SubscriptionNotFound where there is none. */
export async function listSubscriptions(
  tx: Tx,
  names: SubscriptionNames,
): Promise<ListedSubscription[]> {
  const found = await rows<ListedSubscription>(
    tx,
    sql`SELECT ${listed} FROM ${tables} ${backlog} WHERE ${named(names)} ORDER BY s.id`,
  );
  if (found.length > 0) return found;
  throw new SubscriptionNotFound(`No subscription ${describe(names)} found`, { ...names });
}

const describe = ({ account, name }: SubscriptionNames): string =>
  `${name === undefined ? '' : `named '${name}' `}of ${account === undefined ? 'any account' : `account '${account}'`}`;

/** The subscription of a wire id. Throws SubscriptionNotFound, also for what is no id at all. */
export async function findSubscriptionById(tx: Tx, id: string): Promise<ListedSubscription> {
  const uid = parseWireId(id);
  const found =
    uid &&
    (await one<ListedSubscription>(
      tx,
      sql`SELECT ${listed} FROM ${tables} ${backlog} WHERE s.uid = ${uid}::uuid`,
    ));
  if (found) return found;
  throw new SubscriptionNotFound(`No subscription with the id '${id}' found`, { id });
}

/** One subscription, held until the transaction ends. Throws SubscriptionNotFound. */
export async function holdSubscription(
  tx: Tx,
  account: string,
  name: string,
): Promise<Subscription> {
  const found = await one<Subscription>(
    tx,
    sql`SELECT ${columns} FROM ${tables} WHERE a.name = ${account} AND s.name = ${name}
        FOR NO KEY UPDATE OF s`,
  );
  if (found) return found;
  throw new SubscriptionNotFound(`No subscription ${describe({ account, name })} found`, {
    account,
    name,
  });
}

/**
 * Those that make rules now, in the order in which they do. An account that was deleted orders
 * nothing any more.
 */
export const standingSubscriptions = (
  tx: Tx,
  now: Date,
  ids?: readonly number[],
): Promise<Subscription[]> =>
  rows<Subscription>(
    tx,
    sql`SELECT ${columns} FROM ${tables}
        WHERE ${isStanding(now)}
          AND (${ids === undefined} OR s.id = ANY(${[...(ids ?? [])]}::int[]))
        ORDER BY s.priority, s.id`,
  );

/** Whether files are to be marked when they are registered. */
export async function filesAreWanted(tx: Tx): Promise<boolean> {
  const found = await one(
    tx,
    sql`SELECT FROM subscriptions s WHERE s.wants_files AND ${standing} LIMIT 1`,
  );
  return found !== undefined;
}

/** A subscription's columns when it begins. */
export interface NewSubscription {
  readonly name: string;
  readonly accountId: AccountId;
  readonly filter: object;
  readonly replicationRules: unknown;
  readonly wantsFiles: boolean;
  readonly priority: number;
  readonly comments: string | null;
  readonly expiresAt: Date | null;
  readonly retroactive: boolean;
  readonly now: Date;
}

/** Gives its uuid. Throws SubscriptionDuplicate. */
export async function insertSubscription(tx: Tx, order: NewSubscription): Promise<string> {
  const made = await one<{ uid: string }>(
    tx,
    sql`INSERT INTO subscriptions (account_id, name, filter, replication_rules, wants_files, priority,
          retroactive, comments, expires_at, state, created_at, updated_at, last_processed)
        VALUES (${order.accountId}, ${order.name}, ${JSON.stringify(order.filter)}::json,
          ${JSON.stringify(order.replicationRules)}::json, ${order.wantsFiles}, ${order.priority},
          ${order.retroactive}, ${order.comments}, ${order.expiresAt}::timestamptz, ${lit(SubscriptionState.ACTIVE)},
          ${order.now}::timestamptz, ${order.now}::timestamptz, ${order.now}::timestamptz)
        ON CONFLICT (account_id, name) DO NOTHING RETURNING uid`,
  );
  if (made) return made.uid;
  throw new SubscriptionDuplicate(`Subscription '${order.name}' of this account already exists`, {
    name: order.name,
  });
}

/** Writes these columns (`name = value` each). */
export async function writeSubscription(
  tx: Tx,
  id: number,
  assignments: readonly Sql[],
): Promise<void> {
  await execute(tx, sql`UPDATE subscriptions SET ${join([...assignments], ', ')} WHERE id = ${id}`);
}

/** Those whose lifetime is over become INACTIVE. */
export async function endExpired(tx: Tx, now: Date): Promise<number> {
  return await execute(
    tx,
    sql`UPDATE subscriptions s SET state = ${lit(SubscriptionState.INACTIVE)},
          ended_at = ${now}::timestamptz, updated_at = ${now}::timestamptz
        WHERE ${standing} AND s.expires_at <= ${now}::timestamptz`,
  );
}

/** What cannot be read any more makes no rules until somebody writes it anew. */
export async function breakSubscription(tx: Tx, id: number, now: Date): Promise<void> {
  await execute(
    tx,
    sql`UPDATE subscriptions s SET state = ${lit(SubscriptionState.BROKEN)},
          updated_at = ${now}::timestamptz
        WHERE s.id = ${id} AND ${standing}`,
  );
}

/**
 * New DIDs were shown to all that stand: a moment ago, or, where none came, it is said again once a
 * minute, so that everybody sees that somebody looks. What somebody else holds is passed over.
 */
export async function noteProcessed(
  tx: Tx,
  now: Date,
  { shown }: { shown: boolean },
): Promise<void> {
  const before = shown ? now : new Date(now.getTime() - MINUTE_MS);
  await execute(
    tx,
    sql`UPDATE subscriptions s SET last_processed = ${now}::timestamptz
        FROM (SELECT s.id FROM subscriptions s
               WHERE ${standing} AND s.last_processed < ${before}::timestamptz
               ORDER BY s.id FOR NO KEY UPDATE SKIP LOCKED) h
        WHERE s.id = h.id`,
  );
}

const MINUTE_MS = 60_000;

/** How many subscriptions of an account are in use. */
export async function countStanding(tx: Tx, accountId: AccountId, now: Date): Promise<number> {
  const { count } = await only<{ count: number }>(
    tx,
    sql`SELECT count(*)::int AS count FROM subscriptions s
        WHERE s.account_id = ${accountId} AND ${isStanding(now)}`,
  );
  return count;
}

/** The subscription of that name. Throws SubscriptionNotFound. */
export async function findSubscription(
  tx: Tx,
  account: string,
  name: string,
): Promise<Subscription> {
  const found = await one<Subscription>(
    tx,
    sql`SELECT ${columns} FROM ${tables} WHERE a.name = ${account} AND s.name = ${name}`,
  );
  if (found) return found;
  throw new SubscriptionNotFound(`No subscription ${describe({ account, name })} found`, {
    account,
    name,
  });
}

/** How many rules a subscription has in one state; one row with none where it has no rules. */
export interface RuleCount {
  readonly account: string;
  readonly name: string;
  readonly ruleState: RuleState | null;
  readonly count: bigint;
  readonly state: SubscriptionState;
  readonly lastProcessed: Date;
  readonly expiresAt: Date | null;
  readonly endedAt: Date | null;
  readonly comments: string | null;
}

/** The rules of subscriptions, counted by their state; perhaps none. */
export const countRules = (tx: Tx, names: SubscriptionNames): Promise<RuleCount[]> =>
  rows<RuleCount>(
    tx,
    sql`SELECT a.name AS account, s.name, r.state AS "ruleState", count(r.id) AS count, s.state,
               s.last_processed AS "lastProcessed", s.expires_at AS "expiresAt",
               s.ended_at AS "endedAt", s.comments
          FROM ${tables} LEFT JOIN rules r ON r.subscription_uid = s.uid
         WHERE ${named(names)} GROUP BY s.id, a.name, r.state ORDER BY s.id, r.state`,
  );
