import { recordAll } from '../audit/index.js';
import { type Database, type Tx } from '../db/index.js';
import { among, type Check, type DoctorTerms, type NamedDenial } from './check.js';
import { denialsOf, lockDoctor } from './examine.js';
import { keysOf } from './holds.js';

/**
 * Mends what was found, as far as it is wrong still: holds what writers would change, looks again in a
 * fresh snapshot, mends, and writes each mend into the record of changes. One transaction; gives what
 * was mended.
 */
export async function mend(
  tx: Tx,
  check: Check,
  found: readonly NamedDenial[],
  terms: DoctorTerms,
): Promise<readonly NamedDenial[]> {
  if (check.mend === undefined || found.length === 0) return [];
  await lockDoctor(tx);
  await check.hold?.(tx, found);
  const again = await denialsOf(tx, check, among(keysOf(found)), terms);
  if (again.found.length === 0) return [];
  await check.mend(tx, again.found, terms);
  await recordAll(
    tx,
    again.found.map(({ subject, fact }) => ({
      by: null,
      action: `doctor.${check.name}`,
      subject,
      change: { found: fact, remedy: check.remedy },
    })),
  );
  return again.found;
}

/** The same in a transaction of its own. What cannot be mended throws, and stays as it was. */
export const mendNow = (
  db: Database,
  check: Check,
  found: readonly NamedDenial[],
  terms: DoctorTerms,
): Promise<readonly NamedDenial[]> => db.tx((tx) => mend(tx, check, found, terms));
