import { type Principal } from '../../src/accounts/index.js';
import type * as policy from '../../src/policy/index.js';
import { type PolicySwitch } from '../../src/vocabulary/index.js';
import { type Kind, OWNER } from './callers.js';

/** Everything that a permission is asked for: what the policy exports by the name of `may…`. */
export type Action = Extract<keyof typeof policy, `may${string}`>;

/** One action in one situation, and who may do it. */
export interface Case {
  readonly what: string;
  /** Rucio's names of it; empty where Rucio does not ask. */
  readonly rucio: readonly string[];
  readonly ask: (caller: Principal) => boolean;
  readonly here: readonly Kind[];
  /** By Rucio's generic policy, where that differs. */
  readonly there?: readonly Kind[];
  /** What makes the difference; absent where it cannot be switched off. */
  readonly by?: PolicySwitch;
}

/** The rows of some actions. */
export type Rows = Partial<Readonly<Record<Action, readonly Case[]>>>;

export const ROOT: readonly Kind[] = ['root'];
export const ADMINS: readonly Kind[] = ['root', 'admin'];
export const OWNERS: readonly Kind[] = [...ADMINS, 'owner'];

/** The owner's scope, and the one where everybody may try things out. */
export const own = [{ name: 'user.owner', accountId: OWNER }];
export const mock = [{ name: 'mock', accountId: 99 }];

/** What admins may and nobody else. */
export const admins = (ask: Case['ask'], what: string, ...rucio: string[]): Case[] => [
  { what, rucio, ask, here: ADMINS },
];
