import { ancestorsOf, type DueEvaluation } from '../dids/index.js';
import { execute, ring, rows, sql, type Tx } from '../db/index.js';
import { Channel, type DidId, DidType, Evaluation } from '../vocabulary/index.js';
import { type Rule } from './rule.js';
import { followsContent, mayFollow, selectRules } from './rule.sql.js';

/** A change of content, and the rules that have to hear of it. */
export interface ConcernedRules {
  readonly due: DueEvaluation;
  readonly rules: readonly Rule[];
}

/**
 * The first of these changes, with those of the others that can be drawn in the same transaction: each
 * came to a dataset of its own, under rules of its own, all of one account. All rules are held.
 */
export async function concernedTogether(
  tx: Tx,
  claimed: readonly DueEvaluation[],
): Promise<ConcernedRules[]> {
  const [first] = claimed;
  if (!first) return [];
  const together = isNewContent(first) ? ofTheirOwn(claimed) : [first];
  const [head, ...others] = await concernedRules(tx, together);
  if (!head) return [];
  // The first is drawn whoever owns its rules: by itself where they are of several accounts.
  const accounts = new Set(head.rules.map(({ accountId }) => accountId));
  const seen = new Set(head.rules);
  const apart = others.filter(({ rules }) => {
    const own = rules.every((rule) => !seen.has(rule));
    if (!own || new Set([...accounts, ...rules.map(({ accountId }) => accountId)]).size > 1) {
      return false;
    }
    for (const rule of rules) {
      seen.add(rule);
      accounts.add(rule.accountId);
    }
    return true;
  });
  return [head, ...apart];
}

const isNewContent = ({ action, didType }: DueEvaluation): boolean =>
  action === Evaluation.ATTACH && didType === DidType.DATASET;

/** What came to datasets that nothing else of these is about. */
function ofTheirOwn(claimed: readonly DueEvaluation[]): DueEvaluation[] {
  const seen = new Set<DidId>();
  return claimed.filter((due) => {
    const fresh = isNewContent(due) && !seen.has(due.didId);
    seen.add(due.didId);
    return fresh;
  });
}

/**
 * The rules on collections and above them, held. The collections are locked first: a rule that is
 * being added has its DID locked by the foreign key, so we wait for it and then see it. The injector
 * is waited for too: of a rule whose first slice it has not committed we know no more than that it is
 * new, and the slice does not see the change. What it has passed over meanwhile it is told of.
 */
async function concernedRules(tx: Tx, dues: readonly DueEvaluation[]): Promise<ConcernedRules[]> {
  const ids = dues.map(({ didId }) => didId);
  const roots = sql`SELECT x.id FROM unnest(${ids}::bigint[]) AS x(id)`;
  const here = sql`${roots} UNION (${ancestorsOf(roots)})`;
  await execute(tx, sql`SELECT id FROM dids WHERE id IN (${here}) ORDER BY id FOR UPDATE`);
  const found = await selectRules(tx, {
    where: sql`r.did_id IN (${here}) AND ${mayFollow}`,
    hold: 'wait',
  });
  const concerned = found.filter(followsContent);
  if (concerned.length < found.length) await ring(tx, Channel.INJECTION);
  const above = concerned.length > 0 ? await aboveEach(tx, ids) : new Map<DidId, Set<DidId>>();
  return dues.map((due) => ({
    due,
    rules: concerned.filter(({ didId }) => above.get(due.didId)?.has(didId)),
  }));
}

/** Each of these collections and all that is above it. */
async function aboveEach(tx: Tx, ids: readonly DidId[]): Promise<Map<DidId, Set<DidId>>> {
  const above = new Map(ids.map((id) => [id, new Set([id])]));
  const found = await rows<{ root: DidId; id: DidId }>(
    tx,
    sql`SELECT i.id AS root, a.id FROM unnest(${[...ids]}::bigint[]) AS i(id)
         CROSS JOIN LATERAL (${ancestorsOf(sql`SELECT i.id`)}) a`,
  );
  for (const { root, id } of found) above.get(root)?.add(id);
  return above;
}
