import { type Config } from '../config/index.js';
import { type Tx } from '../db/index.js';
import { depthOf } from '../dids/index.js';
import { SluiceError } from '../errors/index.js';
import { type Movement, movementsOf } from '../locks/index.js';
import { matchRses, type Rse, rsesById } from '../rses/index.js';
import {
  driftsOf,
  findRule,
  type FormerPhase,
  formerPhases,
  type Rule,
  type RuleDrift,
  type Sites,
} from '../rules/index.js';
import { DidType, type RseId, RuleState, wireId } from '../vocabulary/index.js';
import { readTraffic, type Traffic } from './holds.js';
import { readRoom, type Room } from './placing-remedies.js';
import { type QueuePlace, queuePlaces } from './queue-place.sql.js';
import {
  admins,
  cursorAt,
  type Dependence,
  dependence,
  type Holding,
  holdings,
  injectedBefore,
  parents,
  suspension,
} from './rule-facts.sql.js';
import {
  type GroupRow,
  lockGroups,
  LOCKS_MAX,
  lookAtSamples,
  type SampleRow,
} from './rule-groups.sql.js';
import { subscriptionNamed } from './subscription-facts.sql.js';
import { openSitesOf } from './way-out.js';
import { lastBeats } from './workers.js';

/** Where explanations are written: the site's settings and the time. */
export interface Desk {
  readonly config: Config;
  readonly now: Date;
}

/** All that is told of a rule; read in a fixed number of statements. */
export interface RuleFacts extends Desk {
  readonly rule: Rule;
  /** Its wire id. */
  readonly id: string;
  /** What its expression names now, or why it names nothing. */
  readonly named: readonly Rse[];
  readonly namelessness: string | null;
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly groups: readonly GroupRow[];
  readonly samples: ReadonlyMap<number, SampleRow>;
  readonly places: readonly QueuePlace[];
  readonly traffic: Traffic;
  readonly drifts: readonly RuleDrift[];
  /** Locks that move to other RSEs. */
  readonly movements: readonly Movement[];
  /** The rule's policy places drifted copies anew. */
  readonly replaces: boolean;
  readonly holdings: readonly Holding[];
  readonly dependence: Dependence | null;
  readonly beats: ReadonlyMap<string, Date>;
  /** One copy of all that is below its DID; read where something is stuck. */
  readonly bytes: bigint;
  /** Where it could go as a whole; null where nothing is stuck, or nowhere. */
  readonly sites: Sites | null;
  /** What there is room for, where it could not be placed. */
  readonly room: Room | undefined;
  /** INJECT: rules before it, and the dataset it has come to. */
  readonly before: bigint;
  readonly cursor: { readonly scope: string; readonly name: string } | undefined;
  readonly suspended: { readonly at: Date; readonly account: string | null } | undefined;
  readonly admins: readonly string[];
  readonly child: Rule | undefined;
  /** The standing order that it was made for. */
  readonly subscription: { readonly name: string; readonly account: string } | undefined;
  /** Phases that are over and still hold their copies. */
  readonly former: readonly FormerPhase[];
  /** Wire ids of rules that wait for it. */
  readonly parents: readonly string[];
}

/** Reads them. Throws RuleNotFound. */
export async function readRuleFacts(tx: Tx, uid: string, desk: Desk): Promise<RuleFacts> {
  const rule = await findRule(tx, uid);
  const id = wireId(rule.uid);
  const isState = (state: RuleState) => rule.state === state;
  const open = rule.locksReplicating + rule.locksStuck > 0n;
  const groups = open ? await lockGroups(tx, rule.id) : [];
  const { named, namelessness } = await namesOf(tx, rule.rseExpression);
  const drifts = await driftsOf(tx, [rule.id]);
  const movements = await movementsOf(tx, [rule.id], LOCKS_MAX);
  const held = isState(RuleState.OK) ? await holdings(tx, rule.id) : [];
  const samples = await lookAtSamples(tx, groups);
  const mentioned = [
    ...groups.flatMap(({ rseId, sourceId }) => [rseId, sourceId]),
    ...drifts.flatMap(({ rseId, why }) => [
      rseId,
      ...(why?.kind === 'attribute' ? why.beside : []),
    ]),
    ...movements.flatMap(({ rseId, targetRseId }) => [rseId, targetRseId]),
    ...held.map(({ rseId }) => rseId),
    ...samples.map(({ closedId }) => closedId),
  ].flatMap((rseId) => rseId ?? []);
  const ends = rule.expiresAt !== null || isState(RuleState.OK);
  const unplaced = isState(RuleState.STUCK) && rule.injectAt !== null;
  const stuck = groups.some(({ standing }) => standing === 'stuck' || standing === 'waiting');
  const bytes = stuck || unplaced ? await bytesOf(tx, rule, groups) : 0n;
  return {
    ...desk,
    rule,
    id,
    named,
    namelessness,
    rses: await rsesById(tx, [...new Set(mentioned)]),
    groups,
    samples: new Map(samples.map((sample) => [sample.at, sample])),
    places: await queuePlaces(tx, waitersOf(groups)),
    traffic: await readTraffic(tx, desk.config),
    drifts,
    movements,
    replaces: drifts.length > 0 && rule.repairPolicy?.drift === 'replace',
    holdings: held,
    dependence: ends ? await dependence(tx, rule.id) : null,
    bytes,
    sites: stuck ? await openSitesOf(tx, rule) : null,
    room: unplaced ? await readRoom(tx, rule, named, bytes) : undefined,
    beats: await lastBeats(tx),
    before: isState(RuleState.INJECT) ? await injectedBefore(tx, rule.id, desk.now) : 0n,
    cursor: rule.cursorDataset === null ? undefined : await cursorAt(tx, rule.cursorDataset),
    suspended: isState(RuleState.SUSPENDED) ? await suspension(tx, id) : undefined,
    admins: isState(RuleState.WAITING_APPROVAL) ? await admins(tx) : [],
    child: rule.childRuleUid === null ? undefined : await findRule(tx, rule.childRuleUid),
    subscription:
      rule.subscriptionUid === null ? undefined : await subscriptionNamed(tx, rule.subscriptionUid),
    former: rule.phase ? await formerPhases(tx, rule.uid) : [],
    parents: (await parents(tx, rule.id)).map((parent) => wireId(parent.uid)),
  };
}

/** The bytes of all files below the rule's DID. */
async function bytesOf(tx: Tx, rule: Rule, [group]: readonly GroupRow[]): Promise<bigint> {
  if (rule.didType !== DidType.FILE) return (await depthOf(tx, rule.didId)).bytes;
  return group ? group.bytes / group.files : 0n;
}

async function namesOf(
  tx: Tx,
  expression: string,
): Promise<{ readonly named: readonly Rse[]; readonly namelessness: string | null }> {
  try {
    const named = await matchRses(tx, expression);
    const empty = `'${expression}' names no storage element now`;
    return { named, namelessness: named.length > 0 ? null : empty };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { named: [], namelessness: error.message };
  }
}

const waitersOf = (groups: readonly GroupRow[]) =>
  groups.flatMap(({ rseId, activity, firstQueued }) => {
    const [priority, requestId] = firstQueued ?? [];
    if (activity === null || priority === undefined || requestId === undefined) return [];
    return [{ rseId, activity, priority: Number(-priority), requestId }];
  });
