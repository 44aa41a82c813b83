import { type Principal } from '../accounts/index.js';
import { AccessDenied } from '../errors/index.js';
import { type PolicySwitch } from '../vocabulary/index.js';

/**
 * One permission: may this caller do it, given the facts it turns on? Pure. Every noun has a file of
 * these beside this one; whoever calls has loaded the facts. What is exported as `may…` by index.ts is
 * the table of permissions: test/policy/permissions.spec.ts has a row for each.
 */
export type May<Facts extends readonly unknown[] = []> = (
  caller: Principal,
  ...facts: Facts
) => boolean;

/** Throws AccessDenied unless allowed. `attempt` completes "You may not …": `add RSE X`. */
export function demand(allowed: boolean, attempt: string): void {
  if (!allowed) throw new AccessDenied(`You may not ${attempt}`, { attempt });
}

/** Whether the site has this difference from Rucio's generic policy. */
export const differs = ({ policy }: Principal, name: PolicySwitch): boolean =>
  policy?.[name] ?? true;

/** root, and accounts with the attribute admin=true. */
export const isAdmin: May = (caller) => caller.isAdmin;

/** The account root alone. */
export const isRoot: May = (caller) => caller.isRoot;

/** Whoever acts on their own behalf, and admins. */
export const isSelfOrAdmin: May<[accountId: number]> = (caller, accountId) =>
  caller.isAdmin || caller.accountId === accountId;

/** Whether somebody is an admin of a country; undefined is of none. */
export const isCountryAdmin: May<[country: string | undefined]> = ({ attributes }, country) =>
  country !== undefined && attributes[`country-${country}`] === 'admin';
