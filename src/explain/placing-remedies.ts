import { type GlobalQuota, globalQuotas, type Quota, quotaOf } from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { type Rse, rseLimits, rseUsage } from '../rses/index.js';
import { type Rule } from '../rules/index.js';
import { type RseId } from '../vocabulary/index.js';
import { type Remedy } from './explanation.js';
import { raiseGlobalQuota, raiseQuota } from './remedies-of-accounts.js';
import { forRse } from './remedies-of-rses.js';

/** What there is room for where a rule could not be placed. */
export interface Room {
  /** One copy of all that is below its DID. */
  readonly bytes: bigint;
  readonly quotas: ReadonlyMap<RseId, Quota>;
  readonly globals: readonly GlobalQuota[];
  /** Of RSEs with a limit: what it is, and what is used of it. */
  readonly spaces: ReadonlyMap<RseId, { readonly max: bigint; readonly used: bigint }>;
}

/** Reads it, for these RSEs. */
export async function readRoom(
  tx: Tx,
  { accountId }: Rule,
  named: readonly Rse[],
  bytes: bigint,
): Promise<Room> {
  const ids = named.map(({ id }) => id);
  const limits = await rseLimits(tx, ids);
  const usage = await rseUsage(tx, ids);
  const spaces = ids.flatMap((id) => {
    const max = limits.get(id)?.['MaxSpaceAvailable'];
    return max === undefined ? [] : [[id, { max, used: usage.get(id)?.bytes ?? 0n }] as const];
  });
  return {
    bytes,
    quotas: await quotaOf(tx, accountId, ids),
    globals: await globalQuotas(tx, accountId),
    spaces: new Map(spaces),
  };
}

/** RSEs that are told where any of many would do. */
const MOST = 3;

/** What would let a rule be placed, by the fact that kept it from that. Pure. */
export function remediesOfPlacing(rule: Rule, named: readonly Rse[], room: Room): Remedy[] {
  const error = rule.error ?? '';
  // What is asked for is there, and the smallest more.
  const bytes = larger(room.bytes, bytesIn(error));
  const needed = (used: bigint) => used + bytes + 1n;
  const short = (limit: bigint | null, used: bigint) => limit !== null && limit < needed(used);
  const most = Math.max(MOST, rule.copies);
  if (/insufficient quota/.test(error)) {
    const local = named.flatMap(({ id, name }) => {
      const { limit, used } = room.quotas.get(id) ?? { limit: null, used: 0n };
      return short(limit, used) ? [raiseQuota(rule.account, name, needed(used))] : [];
    });
    const others = BigInt(rule.copies - 1) * bytes;
    const globals = room.globals.flatMap(({ expression, limit, used, rses }) =>
      short(limit, used + others) && rses.some(({ id }) => named.some((rse) => rse.id === id))
        ? [raiseGlobalQuota(rule.account, expression, needed(used + others))]
        : [],
    );
    return [...globals, ...local.slice(0, most)];
  }
  if (/insufficient space/.test(error)) {
    const full = named.flatMap(({ id, name }) => {
      const space = room.spaces.get(id);
      return space && short(space.max, space.used)
        ? [forRse.limit(name, 'MaxSpaceAvailable', needed(space.used))]
        : [];
    });
    return full.slice(0, most);
  }
  if (/can be written now/.test(error)) {
    return named.slice(0, most).map(({ name }) => forRse.open(name, 'availability_write'));
  }
  return [];
}

/** What did not fit, as the error tells it. */
const bytesIn = (error: string): bigint => BigInt(/: (\d+) bytes/.exec(error)?.[1] ?? '0');

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
