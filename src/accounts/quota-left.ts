import { type Rse } from '../rses/index.js';

/** What an account may put at one storage element, in bytes. null is unlimited; left may be below 0. */
export interface Quota {
  readonly limit: bigint | null;
  readonly used: bigint;
  readonly left: bigint | null;
}

/** A limit over all RSEs of an expression, with what the account holds there. null is unlimited. */
export interface GlobalQuota {
  readonly expression: string;
  readonly rses: readonly Rse[];
  readonly limit: bigint | null;
  readonly used: bigint;
  readonly files: bigint;
}

interface Ceiling {
  readonly limit: bigint | null;
  readonly used: bigint;
}

/** The local quota, with `left` cut to what the tightest global one leaves. */
export function quotaAt(local: Ceiling, globals: readonly Ceiling[]): Quota {
  let left: bigint | null = null;
  for (const { limit, used } of [local, ...globals]) {
    if (limit === null) continue;
    const rest = limit - used;
    if (left === null || rest < left) left = rest;
  }
  return { limit: local.limit, used: local.used, left };
}
