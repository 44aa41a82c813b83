import { holdExpiring } from '../dids/index.js';
import { ring, type Tx } from '../db/index.js';
import { resolveRsesOfEach } from '../rses/index.js';
import { Channel, type DidId, RuleState } from '../vocabulary/index.js';
import { onArchives } from './archived-files.js';
import { askedDids } from './asked-dids.js';
import { type AdditionTerms, type Beginning, howToBegin } from './begin-rules.js';
import { type CheckedWish, checkWish, demandWish, expressionsIn } from './check-wish.js';
import { askApprovers } from './letters.sql.js';
import { type AddedRule, insertRules, type NewRule } from './new-rule.sql.js';
import { placeAtOnce } from './place-at-once.js';
import { type RuleSpec } from './rule-spec.js';

/**
 * Adds one rule for each DID, all or none. Small ones are placed at once; with `asynchronous` or
 * `delayInjection`, or when the whole request makes `synchronousLocksMax` locks or more, or is about
 * more than a few DIDs that are placed one by one, they are left to the injector; with `askApproval`
 * they wait for approval, unless the RSE approves itself.
 * A rule on a constituent without a copy on disk is made on its archive. With `phases` it begins with
 * the first of them, and the phaser goes on.
 *
 * Throws DataIdentifierNotFound, DuplicateRule, InvalidValueForKey (copies), InvalidRSEExpression,
 * RSEWriteBlocked, StagingAreaRuleRequiresLifetime, ManualRuleApprovalBlocked,
 * InvalidReplicationRule (no DIDs, approval of several RSEs, phases that make no sense), InvalidRuleWeight,
 * InvalidSourceReplicaExpression, InsufficientTargetRSEs, InsufficientAccountLimit, RSEOverQuota.
 */
export const addRules = (tx: Tx, spec: RuleSpec, terms: AdditionTerms): Promise<AddedRule[]> =>
  addAllRules(tx, [spec], terms);

/**
 * Adds the rules of many wishes, all or none, by as many statements as those of one. Each gets what those
 * before it leave; where they are more than a few different ones the injector places them.
 * Throws what `addRules` throws.
 */
export async function addAllRules(
  tx: Tx,
  specs: readonly RuleSpec[],
  terms: AdditionTerms,
): Promise<AddedRule[]> {
  specs.forEach(demandWish);
  // First: a DID that is erased now is not found, instead of the foreign key finding it gone.
  await holdExpiring(
    tx,
    specs.flatMap(({ dids }) => dids),
  );
  const resolved = await resolveRsesOfEach(tx, specs.flatMap(expressionsIn));
  const checked = specs.map((spec) => checkWish(spec, resolved, terms.now));
  const asked = await askedDids(tx, specs, onArchives);
  const beginnings = await howToBegin(
    tx,
    checked.map((wish, at) => ({ ...wish, dids: asked[at]?.wished ?? [] })),
    terms,
  );
  const begun = checked.flatMap((wish, at) =>
    (beginnings[at] ?? []).map((beginning) => ({ wish, at, beginning })),
  );
  const made = await makeRules(tx, begun.map(ruleOf), begun, terms);
  if (specs.some(({ lifetime }) => lifetime !== null && lifetime !== undefined && lifetime <= 0)) {
    await ring(tx, Channel.RULES);
  }
  const ofWish = specs.map(() => new Map<DidId, AddedRule>());
  begun.forEach(({ at }, each) => made[each]?.forEach((rule, did) => ofWish[at]?.set(did, rule)));
  return asked.flatMap(({ dids }, at) => dids.flatMap(({ id }) => ofWish[at]?.get(id) ?? []));
}

/** Rules of one wish that begin alike. */
interface BegunWish {
  readonly wish: CheckedWish;
  readonly beginning: Beginning;
}

const ruleOf = ({ wish, beginning }: BegunWish): NewRule => ({
  ...wish.rule,
  didIds: beginning.dids.map(({ id }) => id),
  state: beginning.state,
  injectAt: beginning.injectAt,
  ignoreAccountLimit: beginning.ignoreAccountLimit,
});

/** Gives those made of each, by DID. */
async function makeRules(
  tx: Tx,
  rules: readonly NewRule[],
  begun: readonly BegunWish[],
  terms: AdditionTerms,
): Promise<ReadonlyMap<DidId, AddedRule>[]> {
  const prompt = begun.map(({ beginning: { atOnce, dids } }) => (atOnce ? dids : undefined));
  const later = rules.map((rule, at) => (prompt[at] ? { ...rule, didIds: [] } : rule));
  const made = await insertRules(tx, later);
  const waiting = begun.flatMap(({ wish, beginning }, at) =>
    beginning.state === RuleState.WAITING_APPROVAL
      ? [{ ids: [...(made[at]?.values() ?? [])].map(({ id }) => id), rse: wish.named[0] }]
      : [],
  );
  await askApprovers(tx, waiting);
  if (begun.some(({ beginning }, at) => !prompt[at] && beginning.state === RuleState.INJECT)) {
    await ring(tx, Channel.INJECTION);
  }
  const placed = await placeAtOnce(
    tx,
    rules.flatMap((rule, at) => (prompt[at] ? [{ rule, dids: prompt[at] }] : [])),
    terms,
  );
  return begun.map((_, at) => (prompt[at] ? placed.shift() : made[at]) ?? new Map());
}
