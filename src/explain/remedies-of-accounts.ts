import { type Remedy } from './explanation.js';
import { part, remedy, word } from './remedy.js';

/** More room for an account at an RSE. */
export const raiseQuota = (account: string, rse: string, bytes: bigint): Remedy =>
  remedy({
    what: `let ${account} have ${bytes} bytes at ${rse}`,
    who: 'admin',
    method: 'POST',
    path: `/accounts/${part(account)}/limits/local/${part(rse)}`,
    body: { bytes },
    command: `rucio account limit set ${account} --rse ${rse} --bytes ${bytes}`,
  });

/** More room for an account at all RSEs of an expression together. */
export const raiseGlobalQuota = (account: string, expression: string, bytes: bigint): Remedy =>
  remedy({
    what: `let ${account} have ${bytes} bytes at '${expression}' together`,
    who: 'admin',
    method: 'POST',
    path: `/accounts/${part(account)}/limits/global/${part(expression)}`,
    body: { bytes },
    command: `rucio account limit set ${account} --rse ${word(expression)} --bytes ${bytes} --locality global`,
  });

/** A suspended account is one again. */
export const reactivate = (account: string): Remedy =>
  remedy({
    what: `let people act for ${account} again`,
    who: 'admin',
    method: 'PUT',
    path: `/accounts/${part(account)}`,
    body: { status: 'ACTIVE' },
    command: `rucio account update ${account} --unban`,
  });
