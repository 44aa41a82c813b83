import { type Tx } from '../db/index.js';
import { findDid } from '../dids/index.js';
import { UnsupportedOperation } from '../errors/index.js';
import { putOffDeletion } from '../replicas/index.js';
import { resolveRses } from '../rses/index.js';
import { type DidId, DidType, RuleState, wireId } from '../vocabulary/index.js';
import { addRules } from './add-rules.js';
import { type AddedRule } from './new-rule.sql.js';
import { type AdditionTerms } from './begin-rules.js';
import { changeRule } from './change-rule.js';
import { type DeletedRule, goodCopiesOf, standingCopies } from './deleted-rule.sql.js';
import { type JudgeTerms, type Rule } from './rule.js';
import { findRule } from './rule.sql.js';

/** How a deleted rule is to stand again. */
export interface Restoration {
  /** Seconds from now; null is for ever. The expiry that ended it does not come back. */
  readonly lifetime: number | null;
  /** Copies that are gone may be made anew from others. */
  readonly copyAgain: boolean;
  /** Its limits are passed over, as they were: for whoever may approve. */
  readonly passLimits: boolean;
}

/** Files a transaction. */
const PAGE = 20_000;
/** So long nothing takes the copies of a rule that is being restored. */
const HOLD_MS = 86_400_000;

/**
 * A rule that somebody deleted, or moved, still stands until its time of grace is over, or the other
 * one is OK: it loses its expiry. Throws UnsupportedOperation where it was not deleted, or is what is
 * left of a phase.
 */
export async function takeBackDeletion(
  tx: Tx,
  rule: Rule,
  lifetime: number | null,
  terms: JudgeTerms & { readonly deleteGraceSeconds: number },
): Promise<void> {
  const graceEnd = terms.now.getTime() + terms.deleteGraceSeconds * 1000;
  if (rule.expiresAt === null || rule.expiresAt.getTime() > graceEnd) {
    const until = rule.expiresAt === null ? '' : `; it expires at ${rule.expiresAt.toISOString()}`;
    throw new UnsupportedOperation(`The rule is not deleted${until}`, { rule: wireId(rule.uid) });
  }
  // One that was to be replaced stays, beside what was to take its place.
  await changeRule(tx, rule, { lifetime, child: null }, terms);
}

/**
 * Puts the deletion of the copies that a deleted rule held off for a day, so that they stand until it
 * holds them again. Gives the file after which the next page begins; null after the last one.
 * Throws UnsupportedOperation, DataIdentifierNotFound, InvalidRSEExpression.
 */
export async function holdForRule(
  tx: Tx,
  past: DeletedRule,
  after: DidId,
  now: Date,
): Promise<DidId | null> {
  demandRestorable(past);
  const did = await findDid(tx, past);
  const rses = await resolveRses(tx, past.rseExpression);
  const rseIds = rses.map(({ id }) => id);
  const { copies, last } = await goodCopiesOf(tx, did.id, { rseIds, after, limit: PAGE });
  await putOffDeletion(tx, copies, new Date(now.getTime() + HOLD_MS));
  return last;
}

/**
 * Makes a deleted rule again, under its id, on the copies of it that still stand; what is being deleted
 * does not. Large ones are placed by the injector. Call it after `holdForRule`.
 * Throws UnsupportedOperation (copies are gone, or not where they would stay together; never approved;
 * split), DuplicateRule, DataIdentifierNotFound, and what `addRules` throws.
 */
export async function restoreRule(
  tx: Tx,
  past: DeletedRule,
  wish: Restoration,
  terms: AdditionTerms,
): Promise<AddedRule> {
  demandRestorable(past);
  if (!wish.copyAgain) await demandStanding(tx, past);
  const [added] = await addRules(
    tx,
    {
      ...past,
      dids: [past],
      restoredUid: past.uid,
      lifetime: wish.lifetime,
      ignoreAccountLimit: past.ignoreAccountLimit && wish.passLimits,
      splitContainer: false,
    },
    terms,
  );
  if (!added) throw new UnsupportedOperation('No rule was made', { rule: wireId(past.uid) });
  const { state } = await findRule(tx, added.uid);
  if (wish.copyAgain || state === RuleState.OK || state === RuleState.INJECT) return added;
  throw gone(past, 'its copies stand, but not where the rule would keep them together');
}

/** What a denied or a split rule was has never stood by itself. */
function demandRestorable(past: DeletedRule): void {
  const rule = wireId(past.uid);
  if (past.state === RuleState.WAITING_APPROVAL) {
    throw new UnsupportedOperation(`Rule ${rule} was never approved: ask for it anew`, { rule });
  }
  if (past.splitContainer && past.didType === DidType.CONTAINER) {
    throw new UnsupportedOperation(
      `Rule ${rule} was split: rules on its datasets took its place, restore those`,
      { rule },
    );
  }
}

async function demandStanding(tx: Tx, past: DeletedRule): Promise<void> {
  const did = await findDid(tx, past);
  const rses = await resolveRses(tx, past.rseExpression);
  const wanted = { rseIds: rses.map(({ id }) => id), copies: past.copies };
  const { files, short, copies } = await standingCopies(tx, did.id, wanted);
  if (short === 0) return;
  const all = files * past.copies;
  throw gone(
    past,
    `of its ${all} copies ${copies} still stand at '${past.rseExpression}', ${short} of ${files} files lack some`,
  );
}

const gone = (past: DeletedRule, why: string): UnsupportedOperation =>
  new UnsupportedOperation(
    `Rule ${wireId(past.uid)} cannot be restored as it was: ${why}; with copy_again they are made anew from other copies`,
    { rule: wireId(past.uid) },
  );
