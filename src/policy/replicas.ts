import { type Principal } from '../accounts/index.js';
import { isAdmin, type May } from './decide.js';

/** What the right to put files at an RSE turns on. */
export interface WriterFacts {
  readonly rse: string;
  /** The account's local limit there: bytes, -1 for unlimited, undefined where it has none. */
  readonly localLimit: bigint | undefined;
}

/**
 * Register copies at an RSE and say what became of them: admins, accounts with quota there, and
 * accounts with the attribute `register-<RSE>`.
 */
export const mayRegisterReplicas: May<[facts: WriterFacts]> = (caller, { rse, localLimit }) =>
  caller.isAdmin ||
  caller.attributes[`register-${rse}`] === 'true' ||
  (localLimit !== undefined && localLimit !== 0n);

/** Give new files a name in a scope: its owner. */
export const mayNameFiles: May<[scopeOwnerId: number]> = (caller, scopeOwnerId) =>
  caller.isAdmin || caller.accountId === scopeOwnerId;

/** Delete copies by name, or let them be deleted. */
export const mayDeleteReplicas: May = isAdmin;

/** Declare copies bad or unreadable. */
export const mayDeclareBad: May = isAdmin;

/** Say what is at a storage though not in the catalogue: it will be deleted. */
export const mayQuarantine: May = isAdmin;

/** Whoever has read a file may suspect it. */
export const maySuspect: May = () => true;

/** A URL that opens one file for one operation. */
export const maySignUrl = (
  caller: Principal,
  operation: 'read' | 'write' | 'delete',
  facts: WriterFacts,
): boolean => {
  switch (operation) {
    case 'read':
      return true;
    case 'write':
      return mayRegisterReplicas(caller, facts);
    case 'delete':
      return mayDeleteReplicas(caller);
  }
};
