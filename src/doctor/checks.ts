import { type Check } from './check.js';
import { badUndeclared, copyBytes, pathWithoutCopy, replicaWithoutFile } from './copy-checks.js';
import {
  deletionWithoutLease,
  guardWithoutCopy,
  unreadableKept,
  uploadForgotten,
} from './leaving-checks.js';
import { lockState, lockWithoutFile, lockWithoutReplica, lockWithoutRule } from './lock-checks.js';
import { lockCount, lockedTombstone } from './lock-count-checks.js';
import { requestWithoutLock, waitingWithoutRequest } from './request-checks.js';
import { ruleChecks } from './rule-checks.js';
import { causeWithoutLock, stuckWithoutCause } from './stuck-checks.js';
import { sumChecks } from './sum-checks.js';

/** What holds copies. */
const lockChecks: readonly Check[] = [
  lockCount,
  lockedTombstone,
  lockWithoutRule,
  lockWithoutFile,
  lockWithoutReplica,
  lockState,
  stuckWithoutCause,
  causeWithoutLock,
];

/** Where files are. */
const copyChecks: readonly Check[] = [
  waitingWithoutRequest,
  replicaWithoutFile,
  copyBytes,
  deletionWithoutLease,
  badUndeclared,
  uploadForgotten,
  unreadableKept,
  guardWithoutCopy,
  requestWithoutLock,
  pathWithoutCopy,
];

/** Every check, in the order in which mending one helps the next: locks, rules, copies, sums. */
export const checks: readonly Check[] = [...lockChecks, ...ruleChecks, ...copyChecks, ...sumChecks];

/** The checks of these names, all without. Throws RangeError that names the unknown one. */
export function checksNamed(names: readonly string[] | undefined): readonly Check[] {
  if (names === undefined || names.length === 0) return checks;
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) {
    const known = checks.map(({ name }) => name).join(', ');
    throw new RangeError(`unknown check '${unknown}'; there are ${known}`);
  }
  return checks.filter(({ name }) => names.includes(name));
}
