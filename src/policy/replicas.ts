import { type Principal } from '../accounts/index.js';
import { type Scope } from '../scopes/index.js';
import { differs, isAdmin, isRoot, type May } from './decide.js';
import { mayChangeDids } from './dids.js';

/** What the right to put files at an RSE turns on. */
export interface WriterFacts {
  readonly rse: string;
  /** The account's local limit there: bytes, -1 for unlimited, undefined where it has none. */
  readonly localLimit: bigint | undefined;
}

/** The names of RSEs where Rucio's generic policy lets everybody register. */
const OPEN_TO_ALL = /(SCRATCHDISK|USERDISK|MOCK|LOCALGROUPDISK)$/;

const hasQuota: May<[facts: WriterFacts]> = ({ attributes }, { rse, localLimit }) =>
  attributes[`register-${rse}`] === 'true' || (localLimit !== undefined && localLimit !== 0n);

/**
 * Register copies at an RSE: admins, accounts with quota there, and accounts with the attribute
 * `register-<RSE>`. As in Rucio: admins, and everybody where the RSE's name ends so.
 */
export const mayRegisterReplicas: May<[facts: WriterFacts]> = (caller, facts) => {
  if (caller.isAdmin) return true;
  return differs(caller, 'quotaRegisters') ? hasQuota(caller, facts) : OPEN_TO_ALL.test(facts.rse);
};

/** Say what became of copies: every upload ends so. As in Rucio: admins alone. */
export const mayUpdateReplicas: May<[facts: WriterFacts]> = (caller, facts) =>
  caller.isAdmin || (differs(caller, 'quotaRegisters') && hasQuota(caller, facts));

/** Pass over that an RSE is not available. Others are refused whatever they say. */
export const mayIgnoreAvailability: May = isAdmin;

/** Give new files a name in a scope. */
export const mayNameFiles: May<[scope: Pick<Scope, 'name' | 'accountId'>]> = (caller, scope) =>
  mayChangeDids(caller, [scope]);

/** Delete copies by name. */
export const mayDeleteReplicas: May = (caller) =>
  differs(caller, 'adminsDeleteReplicas') && caller.isAdmin;

/** Let copies be deleted when space is needed. */
export const maySetTombstones: May = isAdmin;

/** Declare copies bad or unreadable. */
export const mayDeclareBad: May = (caller) =>
  differs(caller, 'adminsDeclareBad') ? isAdmin(caller) : isRoot(caller);

/** Say what is at a storage though not in the catalogue: it will be deleted. */
export const mayQuarantine: May = isAdmin;

/** Whoever has read a file may suspect it. */
export const maySuspect: May = () => true;

/**
 * A URL that opens one file for one operation: readers read, writers write, who deletes deletes. As in
 * Rucio: root, and accounts with the attribute `sign-url`.
 */
export const maySignUrl = (
  caller: Principal,
  operation: 'read' | 'write' | 'delete',
  facts: WriterFacts,
): boolean => {
  if (!differs(caller, 'signedUrlsForAll')) {
    return caller.isRoot || caller.attributes['sign-url'] === 'true';
  }
  switch (operation) {
    case 'read':
      return true;
    case 'write':
      return mayRegisterReplicas(caller, facts);
    case 'delete':
      return mayDeleteReplicas(caller);
  }
};
