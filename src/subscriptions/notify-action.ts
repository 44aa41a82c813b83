import { InvalidObject } from '../errors/index.js';
import { Limits } from '../vocabulary/index.js';
import { parseStandingRules, type StandingRule } from './standing-rule.js';

/** How DIDs become tasks: a group is full when one more would pass `files` or `bytes`. */
export interface GroupBy {
  readonly files: number | null;
  readonly bytes: number | null;
  /** Metadata whose values are kept apart. */
  readonly key: string | null;
}

/** What a subscription does instead of making rules: it tells a consumer, in numbered tasks. */
export interface NotifyAction {
  readonly groupBy: GroupBy;
  /** Seconds after its first DID a group becomes a task though it is not full; null: on request. */
  readonly flushAfterSeconds: number | null;
}

/** What becomes of the DIDs that match: rules, or tasks and no rules. */
export interface Action {
  readonly rules: readonly StandingRule[];
  readonly notify: NotifyAction | null;
}

type Given = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (field: string, wanted: string): InvalidObject =>
  new InvalidObject(`Problem validating ${field}: it must be ${wanted}`, { field });

/**
 * Reads `replication_rules`: a list of rules, or one item `{"sluice": {"notify": {…}}}`, which clients
 * of Rucio pass on as they do rules. Throws InvalidObject that names what is wrong.
 */
export function parseAction(given: unknown): Action {
  const items: readonly unknown[] = Array.isArray(given) ? given : [];
  const at = items.findIndex(isNotify);
  if (at < 0) return { rules: parseStandingRules(given), notify: null };
  const field = `replication_rules[${at}]`;
  if (items.length > 1) throw wrong(field, 'alone: a subscription notifies, or it makes rules');
  const { sluice, ...others } = items[at] as { sluice: Given };
  refuseOthers(others, field, ['sluice']);
  const { notify, ...more } = sluice;
  refuseOthers(more, `${field}.sluice`, ['notify']);
  return { rules: [], notify: parseNotify(notify, `${field}.sluice.notify`) };
}

const isNotify = (item: unknown): boolean =>
  isObject(item) && isObject(item['sluice']) && 'notify' in item['sluice'];

function refuseOthers(others: Given, field: string, known: readonly string[]): void {
  const [other] = Object.keys(others);
  if (other === undefined) return;
  throw new InvalidObject(
    `Problem validating ${field}.${other}: there is no such key; ${field} takes ${known.join(', ')}`,
    { field: `${field}.${other}` },
  );
}

function parseNotify(given: unknown, field: string): NotifyAction {
  if (!isObject(given)) throw wrong(field, 'an object');
  const { group_by: groupBy, flush_after: flushAfter, ...others } = given;
  refuseOthers(others, field, ['group_by', 'flush_after']);
  if (!isObject(groupBy)) throw wrong(`${field}.group_by`, "an object, such as {'files': 100}");
  return {
    groupBy: parseGroupBy(groupBy, `${field}.group_by`),
    flushAfterSeconds: integerOf(flushAfter, `${field}.flush_after`, SECONDS_MAX),
  };
}

const SECONDS_MAX = 3_155_760_000;

function parseGroupBy(given: Given, field: string): GroupBy {
  const { files, bytes, key, ...others } = given;
  refuseOthers(others, field, ['files', 'bytes', 'key']);
  const groupBy = {
    files: integerOf(files, `${field}.files`, Limits.taskDids),
    bytes: integerOf(bytes, `${field}.bytes`, Number.MAX_SAFE_INTEGER),
    key: keyOf(key, `${field}.key`),
  };
  if (Object.values(groupBy).some((part) => part !== null)) return groupBy;
  throw wrong(field, 'at least one of files, bytes, key');
}

function integerOf(value: unknown, field: string, max: number): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) {
    return value;
  }
  throw wrong(field, `an integer from 1 to ${max}`);
}

function keyOf(value: unknown, field: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value !== '' && value.length <= Limits.metaKeyLength) {
    return value;
  }
  throw wrong(field, 'the name of a metadata key');
}
