import {
  type Account,
  accountUsage,
  findAccount,
  type GlobalQuota,
  globalQuotas,
  localLimits,
  UNLIMITED,
} from '../accounts/index.js';
import { type Tx } from '../db/index.js';
import { rsesById } from '../rses/index.js';
import {
  AccountStatus,
  AccountStatusCodec,
  RuleState,
  RuleStateCodec,
  wireId,
} from '../vocabulary/index.js';
import { rulesByState, rulesByTrouble, type RulesInTrouble } from './account-facts.sql.js';
import { wordsOf } from './cause-words.js';
import { type Explanation, type Remedy } from './explanation.js';
import { raiseGlobalQuota, raiseQuota, reactivate } from './remedies-of-accounts.js';
import { forRule } from './remedies-of-rules.js';
import { type Desk } from './rule-facts.js';
import { clockTime, counted, dueAt, sized } from './words.js';

/** What an account has and may have at one RSE. */
interface Share {
  /** Null: it is gone. */
  readonly rse: string | null;
  readonly used: bigint;
  readonly files: bigint;
  /** Null is unlimited. */
  readonly limit: bigint | null;
}

interface AccountFacts extends Desk {
  readonly account: Account;
  readonly shares: readonly Share[];
  readonly globals: readonly GlobalQuota[];
  readonly states: readonly { readonly state: RuleState; readonly rules: bigint }[];
  readonly troubles: readonly RulesInTrouble[];
}

/** How far an account is from its limits, and which of its rules are not OK. Throws AccountNotFound. */
export async function explainAccount(tx: Tx, name: string, desk: Desk): Promise<Explanation> {
  const facts = await readAccountFacts(tx, name, desk);
  const { account } = facts;
  return {
    kind: 'account',
    subject: account.name,
    state: AccountStatusCodec.name(account.status),
    summary: headline(facts),
    lines: [...status(facts), ...quotas(facts), ...troubleLines(facts)],
    groups: [],
    moreGroups: 0,
    next: nextOf(facts),
    remedies: remediesOf(facts),
    facts: factsOf(facts),
  };
}

async function readAccountFacts(tx: Tx, name: string, desk: Desk): Promise<AccountFacts> {
  const account = await findAccount(tx, name);
  const usage = await accountUsage(tx, account.id);
  const limits = await localLimits(tx, account.id);
  const ids = [...new Set([...usage.keys(), ...limits.keys()])];
  const rses = await rsesById(tx, ids);
  const shares = ids.map((id) => {
    const limit = limits.get(id) ?? 0n;
    const { bytes = 0n, files = 0n } = usage.get(id) ?? {};
    return {
      rse: rses.get(id)?.name ?? null,
      used: bytes,
      files,
      limit: limit === UNLIMITED ? null : limit,
    };
  });
  return {
    ...desk,
    account,
    shares: shares.toSorted(
      (a, b) => Number(isTight(b)) - Number(isTight(a)) || (nameOf(a) < nameOf(b) ? -1 : 1),
    ),
    globals: await globalQuotas(tx, account.id),
    states: await rulesByState(tx, account.id),
    troubles: await rulesByTrouble(tx, account.id, { ok: RuleState.OK, stuck: RuleState.STUCK }),
  };
}

const nameOf = ({ rse }: Share): string => rse ?? 'an RSE that is gone';

/** Nine tenths of a limit are nearly all. */
const isTight = ({ used, limit }: Pick<Share, 'used' | 'limit'>): boolean =>
  limit !== null && used * 10n >= limit * 9n && (used > 0n || limit === 0n);

function headline({ states, shares }: AccountFacts): string {
  const rules = states.reduce((sum, state) => sum + state.rules, 0n);
  const parts = states.map((each) => `${each.rules} ${RuleStateCodec.name(each.state)}`);
  const used = shares.reduce((sum, share) => sum + share.used, 0n);
  const files = shares.reduce((sum, share) => sum + share.files, 0n);
  return `${counted(rules, 'rule')}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}; charged for ${counted(files, 'copy', 'copies')} (${sized(used)})`;
}

const status = ({ account }: AccountFacts): string[] =>
  account.status === AccountStatus.ACTIVE
    ? []
    : [
        `It is ${AccountStatusCodec.name(account.status)}: nobody acts for it; its rules and what they hold stay`,
      ];

const LINES = 20;

function quotas({ shares, globals }: AccountFacts): string[] {
  const line = (where: string, used: bigint, limit: bigint | null) => {
    if (limit === null) return `${where}: ${sized(used)}, without a limit`;
    const left = limit - used;
    const how =
      left <= 0n
        ? 'full: no more rules there'
        : `${sized(left)} left${isTight({ used, limit }) ? ', nearly full' : ''}`;
    return `${where}: ${sized(used)} of ${sized(limit)}, ${how}`;
  };
  return [
    ...globals.map(({ expression, used, limit }) =>
      line(`All of '${expression}' together`, used, limit),
    ),
    ...shares.slice(0, LINES).map((share) => line(nameOf(share), share.used, share.limit)),
    ...(shares.length > LINES ? [`${counted(shares.length - LINES, 'RSE')} more`] : []),
  ];
}

const troubleLines = ({ troubles, now }: AccountFacts): string[] =>
  troubles.map(({ state, cause, error, rules, locks, oldest, examples }) => {
    const why = cause
      ? `: ${wordsOf(cause).says({ source: 'a source', destination: 'the destination' })}`
      : error
        ? `: ${error}`
        : '';
    return `${counted(rules, 'rule')} ${RuleStateCodec.name(state)}${why}; ${counted(locks, 'copy', 'copies')} not there, the oldest since ${clockTime(oldest, now)}; such as ${examples.map(wireId).join(', ')}`;
  });

/** What Sluice does about the rules that are not there yet, and when. */
const nextOf = ({ troubles, now }: AccountFacts): string[] =>
  [...new Set(troubles.map(({ state }) => state))].flatMap((state) => {
    const told = NEXT[state];
    if (!told) return [];
    const times = troubles.flatMap((it) => (it.state === state ? (it.nextLook ?? []) : []));
    const first = times.toSorted((a, b) => a.getTime() - b.getTime())[0];
    return [`${told}${first ? `, the first ${dueAt(first, now)}` : ''}`];
  });

const NEXT: Partial<Record<RuleState, string>> = {
  [RuleState.INJECT]: 'The injector places the rules in INJECT',
  [RuleState.REPLICATING]: 'The conveyor brings the copies of the rules in REPLICATING',
  [RuleState.STUCK]: 'The repairer looks at the rules in STUCK',
  [RuleState.SUSPENDED]: 'Nothing with the rules in SUSPENDED, until somebody resumes them',
  [RuleState.WAITING_APPROVAL]:
    'Nothing with the rules in WAITING_APPROVAL, until they are approved',
};

/** Remedies of a kind. */
const MOST = 3;
/** No limit that is worth being set is smaller. */
const LIMIT_MIN = 1_000_000_000n;

/** Twice what is used, or may be. */
const twice = ({ used, limit }: Pick<Share, 'used' | 'limit'>): bigint =>
  [used * 2n, (limit ?? 0n) * 2n, LIMIT_MIN].reduce((a, b) => (a > b ? a : b));

function remediesOf({ account, shares, globals, troubles }: AccountFacts): Remedy[] {
  const { name } = account;
  const local = shares.flatMap((share) =>
    share.rse !== null && isTight(share) ? [raiseQuota(name, share.rse, twice(share))] : [],
  );
  const global = globals
    .filter(isTight)
    .map((quota) => raiseGlobalQuota(name, quota.expression, twice(quota)));
  const stuck = troubles.find(
    ({ state, changeable }) => state === RuleState.STUCK && changeable !== null,
  )?.changeable;
  return [
    ...(account.status === AccountStatus.SUSPENDED ? [reactivate(name)] : []),
    ...global.slice(0, MOST),
    ...local.slice(0, MOST),
    ...(stuck ? [forRule.tryAgain(wireId(stuck))] : []),
  ];
}

const factsOf = ({ shares, globals, states, troubles }: AccountFacts) => ({
  rules: Object.fromEntries(states.map(({ state, rules }) => [RuleStateCodec.name(state), rules])),
  usage: shares.map(({ rse, used, files, limit }) => ({ rse, used, files, limit })),
  global_usage: globals.map(({ expression, used, limit }) => ({
    rse_expression: expression,
    used,
    limit,
  })),
  not_ok: troubles.map(({ state, cause, error, rules, locks, oldest, examples }) => ({
    state: RuleStateCodec.name(state),
    cause,
    error,
    rules,
    copies: locks,
    oldest,
    rule_ids: examples.map(wireId),
  })),
});
