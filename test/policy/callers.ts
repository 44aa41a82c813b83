import { type Principal, ROOT } from '../../src/accounts/index.js';
import {
  AccountType,
  POLICY_SWITCHES,
  type PolicySwitch,
  type PolicySwitches,
} from '../../src/vocabulary/index.js';

/** The kinds of account that permissions tell apart. */
export const KINDS = {
  root: 'root',
  admin: 'admins',
  owner: 'the owner',
  stranger: 'others',
  italian: 'admins of the country',
  french: 'admins of another country',
  registrar: 'accounts with `register-<RSE>`',
  signer: 'accounts with `sign-url`',
} as const;
export type Kind = keyof typeof KINDS;

const ATTRIBUTES: Partial<Record<Kind, Readonly<Record<string, string>>>> = {
  admin: { admin: 'true' },
  italian: { 'country-IT': 'admin' },
  french: { 'country-FR': 'admin' },
  registrar: { 'register-SITE-DISK': 'true' },
  signer: { 'sign-url': 'true' },
};

export const OWNER = 3;
const kinds = Object.keys(KINDS) as Kind[];
export const EVERYBODY: readonly Kind[] = kinds;
export const NOBODY: readonly Kind[] = [];

/** An account of that kind, at a site that has these differences from Rucio's generic policy. */
export const caller = (
  kind: Kind,
  policy?: PolicySwitches,
  type: AccountType = AccountType.USER,
): Principal => ({
  accountId: kind === 'owner' ? OWNER : 10 + kinds.indexOf(kind),
  account: kind === 'root' ? ROOT : kind,
  type,
  isRoot: kind === 'root',
  isAdmin: kind === 'root' || kind === 'admin',
  attributes: ATTRIBUTES[kind] ?? {},
  policy,
});

/** All switches on or off, but for one. */
export const switched = (on: boolean, but?: PolicySwitch): PolicySwitches =>
  Object.fromEntries(
    POLICY_SWITCHES.map((name) => [name, name === but ? !on : on]),
  ) as PolicySwitches;

/** Whom it is allowed, of all kinds. */
export const allowed = (
  ask: (caller: Principal) => boolean,
  policy?: PolicySwitches,
  type?: AccountType,
): Kind[] => kinds.filter((kind) => ask(caller(kind, policy, type)));
