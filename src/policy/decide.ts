import { type Principal } from '../accounts/index.js';
import { AccessDenied } from '../errors/index.js';

/**
 * One permission: may this caller do it, given the facts it turns on? Pure. Every noun has a file of
 * these beside this one; whoever calls has loaded the facts.
 */
export type May<Facts extends readonly unknown[] = []> = (
  caller: Principal,
  ...facts: Facts
) => boolean;

/** Throws AccessDenied unless allowed. `attempt` completes "You may not …": `add RSE X`. */
export function demand(allowed: boolean, attempt: string): void {
  if (!allowed) throw new AccessDenied(`You may not ${attempt}`, { attempt });
}

/** root, and accounts with the attribute admin=true. */
export const isAdmin: May = (caller) => caller.isAdmin;

/** The account root alone. */
export const isRoot: May = (caller) => caller.isRoot;

/** Whoever acts on their own behalf, and admins. */
export const isSelfOrAdmin: May<[accountId: number]> = (caller, accountId) =>
  caller.isAdmin || caller.accountId === accountId;
