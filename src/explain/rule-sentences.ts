import { type DaemonName, RuleState, RuleStateCodec } from '../vocabulary/index.js';
import { driftLines } from './drift-lines.js';
import { movementLines } from './movement-lines.js';
import { phaseLines } from './phase-lines.js';
import { type RuleFacts } from './rule-facts.js';
import { LOCKS_MAX } from './rule-groups.sql.js';
import { clockTime, counted, dueAt, lasting, listed, sized } from './words.js';

const nameOf = ({ rses }: RuleFacts, rseId: number): string =>
  rses.get(rseId)?.name ?? 'an RSE that is gone';

/** How the rule stands, in one sentence. Pure. */
export function headline(facts: RuleFacts): string {
  const { rule, now, groups } = facts;
  const name = RuleStateCodec.name(rule.state);
  const locks = rule.locksOk + rule.locksReplicating + rule.locksStuck;
  const progress = `${rule.locksOk.toLocaleString('en-US')} of ${counted(locks, 'copy', 'copies')} there`;
  switch (rule.state) {
    case RuleState.OK:
      return `${name}: ${heldAt(facts)}`;
    case RuleState.REPLICATING:
      return `${name}: ${progress}; ${toDo(facts)}`;
    case RuleState.STUCK: {
      const since = rule.stuckAt ? ` since ${clockTime(rule.stuckAt, now)}` : '';
      const why =
        groups[0] === undefined || rule.injectAt ? (rule.error ?? 'not known why') : toDo(facts);
      return `${name}${since}: ${why}; ${progress}`;
    }
    case RuleState.SUSPENDED:
      return `${name}: nobody works on it; ${progress}`;
    case RuleState.WAITING_APPROVAL:
      return `${name} since ${clockTime(rule.createdAt, now)}: ${listed([...facts.admins])} may approve it`;
    case RuleState.INJECT:
      return rule.injectAt && rule.injectAt > now
        ? `${name}: it is placed not before ${clockTime(rule.injectAt, now)}`
        : `${name}: it waits for the injector, ${facts.before === 0n ? 'none' : counted(facts.before, 'rule')} before it`;
  }
}

function heldAt(facts: RuleFacts): string {
  const { holdings, rule } = facts;
  if (holdings.length === 0) return 'there is nothing below its DID to hold';
  const places = holdings.map(
    ({ rseId, files, bytes }) =>
      `${nameOf(facts, rseId)} (${counted(files, 'file')}, ${sized(bytes)})`,
  );
  const part =
    rule.locksOk > BigInt(LOCKS_MAX) ? ` (of the first ${counted(LOCKS_MAX, 'lock')})` : '';
  return `${counted(rule.locksOk, 'copy', 'copies')} held at ${listed(places)}${part}`;
}

function toDo({ rule }: RuleFacts): string {
  const parts: string[] = [];
  if (rule.locksStuck > 0n) parts.push(`${rule.locksStuck.toLocaleString('en-US')} stuck`);
  if (rule.locksReplicating > 0n)
    parts.push(`${rule.locksReplicating.toLocaleString('en-US')} on their way`);
  return parts.join(', ') || 'nothing left to copy';
}

/** What else is worth knowing, most important first. Pure. */
export function linesOf(facts: RuleFacts): string[] {
  return [
    ...partial(facts),
    ...placing(facts),
    ...suspending(facts),
    ...approving(facts),
    ...driftLines(facts),
    ...movementLines(facts.movements, facts),
    ...nameless(facts),
    ...phaseLines(facts),
    ...succession(facts),
    ...ending(facts),
    ...origin(facts),
  ];
}

function partial({ rule }: RuleFacts): string[] {
  const open = rule.locksReplicating + rule.locksStuck;
  if (open <= BigInt(LOCKS_MAX)) return [];
  return [
    `The groups count the first ${LOCKS_MAX.toLocaleString('en-US')} of ${counted(open, 'lock')} that are not OK`,
  ];
}

function placing({ rule, now, cursor }: RuleFacts): string[] {
  if (rule.state === RuleState.INJECT) {
    const lines = cursor ? [`It has come to ${cursor.scope}:${cursor.name}`] : [];
    if (rule.expiresAt && rule.expiresAt.getTime() - now.getTime() < 300_000) {
      lines.push('It ends within five minutes, and is not placed any more');
    }
    if (rule.splitContainer) lines.push('It is to become a rule for each dataset of the container');
    return lines;
  }
  if (rule.state !== RuleState.STUCK || rule.injectAt === null) return [];
  return [`Its copies could not be placed; the next try is ${dueAt(rule.injectAt, now)}`];
}

function suspending(facts: RuleFacts): string[] {
  const { rule, now, suspended, config } = facts;
  if (rule.state !== RuleState.SUSPENDED) return [];
  const { stuckAt } = rule;
  if (suspended && (!stuckAt || suspended.at.getTime() >= stuckAt.getTime() - 60_000)) {
    return [`${suspended.account ?? 'Somebody'} suspended it at ${clockTime(suspended.at, now)}`];
  }
  const { onStuck, attempts, afterSeconds } = rule.repairPolicy ?? {};
  const bounded = onStuck === 'suspend' && (attempts ?? afterSeconds ?? null) !== null;
  const limit = bounded
    ? `repaired ${counted(rule.repairAttempts, 'time')}, as its repair policy says`
    : `longer than ${lasting(config.rules.suspendAfterSeconds)} (rules.suspendAfterSeconds)`;
  return [
    `It was suspended by the judge: stuck since ${stuckAt ? clockTime(stuckAt, now) : 'long ago'}, ${limit}; ${rule.error ?? 'no reason is known'}`,
  ];
}

const approving = ({ rule }: RuleFacts): string[] =>
  rule.state === RuleState.WAITING_APPROVAL
    ? [
        'An approved rule is placed whatever the limits of the account say; nothing is reserved until then',
      ]
    : [];

const nameless = ({ namelessness, rule }: RuleFacts): string[] =>
  namelessness === null
    ? []
    : [`Nothing can be placed: ${namelessness}${rule.weight ? `, weight '${rule.weight}'` : ''}`];

function succession({ child, parents, rule }: RuleFacts): string[] {
  const lines = parents.map((id) => `Rule ${id} waits for this one to be OK, and then ends`);
  if (!child) return lines;
  const state = RuleStateCodec.name(child.state);
  return [
    `Rule ${rule.childRuleUid?.replaceAll('-', '')} takes its place when that is OK; it is ${state} (${child.locksOk} of ${child.locksOk + child.locksReplicating + child.locksStuck} copies)`,
    ...lines,
  ];
}

const origin = ({ subscription }: RuleFacts): string[] =>
  subscription
    ? [`It was made for the subscription ${subscription.name} of ${subscription.account}`]
    : [];

function ending(facts: RuleFacts): string[] {
  const { rule, now, child } = facts;
  const at = rule.expiresAt;
  if (at === null) {
    if (rule.state !== RuleState.OK) return [];
    const eol = rule.eolAt ? `; its end of life is ${clockTime(rule.eolAt, now)}` : '';
    return [`It has no end${eol}`, ...lastCopies(facts, 'if it were deleted')];
  }
  if (rule.locked) return [`It is locked: it does not end at ${clockTime(at, now)} as it would`];
  if (at > now) return [`It ends at ${clockTime(at, now)}`, ...lastCopies(facts, 'then')];
  return child && child.state !== RuleState.OK
    ? [`It should have ended at ${clockTime(at, now)}, and waits for its child`]
    : [
        `It ended at ${clockTime(at, now)}: the judge takes its locks`,
        ...lastCopies(facts, 'then'),
      ];
}

function lastCopies({ dependence, rule, config }: RuleFacts, when: string): string[] {
  if (!dependence || dependence.looked === 0) return [];
  const { looked, alone, last } = dependence;
  const locks = rule.locksOk + rule.locksReplicating + rule.locksStuck;
  const of =
    locks > BigInt(looked) * BigInt(rule.copies)
      ? `of the first ${counted(looked, 'file')}`
      : `of ${counted(looked, 'file')}`;
  if (alone === 0) return [`Other rules hold all its files too (${of})`];
  const delay = config.replicas.tombstoneDelaySeconds;
  const soon =
    rule.purgeReplicas || delay <= 0
      ? 'at once where the RSE is greedy, else when it needs the space'
      : `${lasting(delay)} after their last use`;
  return [
    `${alone.toLocaleString('en-US')} ${of} ${alone === 1 ? 'is' : 'are'} held by no other rule: ${when} their copies may be deleted${rule.purgeReplicas ? ' at once' : `, ${soon}`}`,
    ...(last > 0
      ? [
          `Of ${counted(last, 'file')} all good copies are held by this rule alone: they are the last ones`,
        ]
      : []),
  ];
}

/** What Sluice does next about the rule as a whole, and who does it. Pure. */
export function nextSteps(facts: RuleFacts): {
  readonly next: string[];
  readonly workers: DaemonName[];
} {
  const { rule, now, drifts } = facts;
  const next: string[] = [];
  const workers: DaemonName[] = [];
  const step = (worker: DaemonName, text: string) => {
    next.push(text);
    workers.push(worker);
  };
  if (rule.state === RuleState.INJECT)
    step(
      'judge-injector',
      `The injector places it, at most ${facts.config.rules.sliceLocks.toLocaleString('en-US')} copies at a time`,
    );
  if (rule.state === RuleState.STUCK) {
    step(
      'judge-repairer',
      `The repairer looks at it ${rule.repairAt ? dueAt(rule.repairAt, now) : 'soon'}`,
    );
    next.push(...ifStuckLonger(facts));
  }
  if (rule.state === RuleState.SUSPENDED)
    next.push('Nothing, until somebody resumes it; transfers that are in the queue go on');
  if (rule.state === RuleState.WAITING_APPROVAL)
    next.push('Nothing, until somebody approves or denies it');
  if (rule.expiresAt && rule.expiresAt <= now && !rule.locked) {
    step('judge-cleaner', 'The cleaner releases its locks and keeps the rule in the history');
  }
  if (drifts.length > 0) step('judge-drifter', driftStep(facts));
  if (facts.movements.length > 0)
    step('judge-cleaner', 'The cleaner lets each old copy go when the new one is there');
  return { next, workers };
}

const driftStep = ({ replaces, drifts, now }: RuleFacts): string => {
  const due = drifts[0] ? dueAt(drifts[0].dueAt, now) : 'soon';
  return replaces
    ? `Its policy places drifted copies anew: new ones first, the old ones go when those are OK; next look ${due}`
    : 'Its policy keeps drifted copies where they are';
};

/** What becomes of a rule that stays stuck, by its policy and the settings. */
function ifStuckLonger({ rule, now, config }: RuleFacts): string[] {
  const { stuckAt, repairPolicy, repairAttempts } = rule;
  if (!stuckAt) return [];
  const after = (seconds: number) => clockTime(new Date(stuckAt.getTime() + seconds * 1000), now);
  const { onStuck = 'suspend', attempts = null, afterSeconds = null } = repairPolicy ?? {};
  if (onStuck === 'retry') return ['Its policy has it tried again without end'];
  const bounds = [
    ...(attempts === null
      ? []
      : [`after ${counted(attempts, 'repair')} (${repairAttempts} so far)`]),
    ...(afterSeconds === null ? [] : [`at ${after(afterSeconds)}`]),
  ];
  if (onStuck === 'suspend' && bounds.length > 0) {
    return [`If it is still stuck ${bounds.join(' or ')}, it is suspended: its policy says so`];
  }
  const policy = {
    alert: `Its policy has the owner told ${bounds.join(' or ') || 'at once'}`,
    elsewhere: `Its policy has a copy that failed ${counted(attempts ?? 1, 'time')} made at another RSE of the expression${afterSeconds === null ? '' : `, from ${after(afterSeconds)} on`}`,
    suspend: null,
  }[onStuck];
  const end = `If it is still stuck at ${after(config.rules.suspendAfterSeconds)}, it is suspended`;
  return policy === null ? [end] : [policy, end];
}
