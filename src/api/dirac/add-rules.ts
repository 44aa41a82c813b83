import { type Principal } from '../../accounts/index.js';
import { type Config } from '../../config/index.js';
import { type Tx } from '../../db/index.js';
import { type Did } from '../../dids/index.js';
import { demand, mayAddRule } from '../../policy/index.js';
import { type Rse } from '../../rses/index.js';
import { addAllRules, prolongRules, type RuleSpec, rulesTerms } from '../../rules/index.js';
import {
  activityIndex,
  DEFAULT_ACTIVITY,
  type DidName,
  DidType,
  RuleGrouping,
  RuleNotification,
} from '../../vocabulary/index.js';
import { type FreshFiles } from './facts.js';
import { type Lifetimes } from './lifetimes.js';
import { type Directories } from './make-directories.js';

/** Where the files of a directory may be: every RSE that DIRAC uses has this attribute. */
const ANYWHERE = 'ANY=true';

export interface Kept {
  readonly groups: readonly FreshFiles[];
  readonly tree: Directories;
  readonly lifetimes: Lifetimes;
  readonly ignoreAvailability: boolean;
}

/**
 * Adds the rules that keep new files: each file where it is, and each new dataset somewhere. Datasets
 * are placed by the injector, when all of this is committed. Rules of known datasets that would end are
 * prolonged by as much as a new one lasts. Throws what adding rules throws.
 */
export async function addDiracRules(
  tx: Tx,
  { groups, tree, lifetimes, ignoreAvailability }: Kept,
  { caller, config, now }: { caller: Principal; config: Config; now: Date },
): Promise<void> {
  const { accountId } = caller;
  demand(mayAddRule(caller, accountId, false), `add rules for account ${caller.account}`);
  const wishes: RuleSpec[] = [];
  const add = (dids: readonly DidName[], rule: Wanted) =>
    wishes.push({ ...RULE, accountId, dids, ...rule });
  // Only where it matters: a rule says for ever that it ignores availability.
  const ignored = (rse: Rse) => ignoreAvailability && !rse.availabilityWrite;
  for (const { rse, files } of groups) {
    add(files, {
      rseExpression: rse.name,
      grouping: RuleGrouping.DATASET,
      lifetime: lifetimes.files,
      ignoreAvailability: ignored(rse),
    });
  }
  for (const [lifetime, datasets] of byLifetime(tree.fresh, lifetimes)) {
    add(datasets, {
      rseExpression: ANYWHERE,
      grouping: RuleGrouping.NONE,
      lifetime,
      ignoreAvailability: groups.some(({ rse }) => ignored(rse)),
      asynchronous: true,
    });
  }
  await addAllRules(tx, wishes, rulesTerms(config, now));
  for (const [lifetime, datasets] of byLifetime(tree.known, lifetimes)) {
    if (lifetime === null) continue;
    const didIds = datasets.map(({ id }) => id);
    const expiresAt = new Date(now.getTime() + lifetime * 1000);
    await prolongRules(tx, { didIds, accountId, rseExpression: ANYWHERE }, { expiresAt, now });
  }
}

type Wanted = Pick<
  RuleSpec,
  'rseExpression' | 'grouping' | 'lifetime' | 'ignoreAvailability' | 'asynchronous'
>;

/** What all of them have in common. */
const RULE = {
  copies: 1,
  activity: activityIndex(DEFAULT_ACTIVITY),
  notification: RuleNotification.NO,
  // Another request may have made the same rule meanwhile.
  ignoreDuplicate: true,
} as const;

/** The datasets among directories, by how long their rules last. */
function byLifetime(
  directories: readonly Did[],
  { directories: lifetimes }: Lifetimes,
): Map<number | null, Did[]> {
  const found = new Map<number | null, Did[]>();
  for (const did of directories) {
    if (did.type !== DidType.DATASET) continue;
    const lifetime = lifetimes.get(did.scope) ?? null;
    const known = found.get(lifetime);
    if (known) known.push(did);
    else found.set(lifetime, [did]);
  }
  return found;
}
