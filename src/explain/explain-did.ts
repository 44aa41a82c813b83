import { type Tx } from '../db/index.js';
import { type Did, filesBelow, findDid } from '../dids/index.js';
import { type Copy, copiesOf } from '../replicas/index.js';
import { type Rse, rsesById } from '../rses/index.js';
import {
  DidAvailability,
  DidAvailabilityCodec,
  type DidName,
  DidType,
  DidTypeCodec,
  ReplicaState,
  ReplicaStateCodec,
  type RseId,
} from '../vocabulary/index.js';
import {
  copiesBelow,
  type CollectionCopies,
  type Declaration,
  declarationsOn,
  type DidFlags,
  FILES_MAX,
  flagsOf,
  type HoldingRule,
  type PendingEvaluation,
  pendingEvaluation,
  rulesOnCollection,
  rulesOnFile,
} from './copy-facts.sql.js';
import { type Explanation, type Remedy } from './explanation.js';
import { addRule, expireDid } from './remedies.js';
import { type Desk } from './rule-facts.js';
import { ruleFact, ruleLines } from './rule-lines.js';
import { type Unserved, unservedOrders } from './subscription-facts.sql.js';
import { capital, clockTime, counted, listed, sized } from './words.js';
import { idleWorkers, lastBeats } from './workers.js';

interface DidFacts extends Desk {
  readonly did: Did;
  readonly rules: readonly HoldingRule[];
  readonly copies: readonly Copy[];
  readonly below: readonly CollectionCopies[];
  readonly rses: ReadonlyMap<RseId, Rse>;
  readonly pending: PendingEvaluation | undefined;
  readonly declarations: readonly Declaration[];
  readonly flags: DidFlags | undefined;
  readonly unserved: readonly Unserved[];
  readonly beats: ReadonlyMap<string, Date>;
}

/** Why a DID has the copies that it has, which rules hold it, and how long. Throws DataIdentifierNotFound. */
export async function explainDid(tx: Tx, name: DidName, desk: Desk): Promise<Explanation> {
  const facts = await readDidFacts(tx, name, desk);
  const { did, rules, now, pending, unserved } = facts;
  const workers = [
    ...(pending ? (['judge-evaluator'] as const) : []),
    ...(did.expiredAt && did.expiredAt <= now ? (['undertaker'] as const) : []),
    ...(facts.flags?.isNew ? (['transmogrifier'] as const) : []),
  ];
  return {
    kind: 'did',
    subject: `${did.scope}:${did.name}`,
    state: DidTypeCodec.name(did.type),
    summary: `${capital(DidTypeCodec.name(did.type).toLowerCase())} ${heldBy(facts)}; ${whereabouts(facts)}`,
    lines: [
      ...standingOf(facts),
      ...ruleLines(rules, now),
      ...unserved.map(unservedLine(now)),
      ...idleWorkers(facts.beats, workers, now),
    ],
    groups: [],
    moreGroups: 0,
    next: nextOf(facts),
    remedies: remediesOf(facts),
    facts: {
      type: DidTypeCodec.name(did.type),
      availability: DidAvailabilityCodec.name(did.availability),
      expired_at: did.expiredAt,
      rules: rules.map(ruleFact),
      copies: copyFacts(facts),
      pending_evaluations: pending?.evaluations ?? 0n,
      unserved_subscriptions: unserved.map(({ subscription, error, dueAt }) => ({
        subscription,
        error,
        due_at: dueAt,
      })),
    },
  };
}

async function readDidFacts(tx: Tx, name: DidName, desk: Desk): Promise<DidFacts> {
  const did = await findDid(tx, name);
  const isFile = did.type === DidType.FILE;
  const copies = isFile ? await copiesOf(tx, [did.id]) : [];
  const below = isFile ? [] : await copiesBelow(tx, filesBelow(did.id));
  const ids = [...copies, ...below].map(({ rseId }) => rseId);
  return {
    ...desk,
    did,
    copies,
    below,
    rules: isFile ? await rulesOnFile(tx, did.id) : await rulesOnCollection(tx, did.id),
    rses: await rsesById(tx, [...new Set(ids)]),
    pending: await pendingEvaluation(tx, did.id),
    declarations: isFile ? await declarationsOn(tx, did.id) : [],
    flags: await flagsOf(tx, did.id),
    unserved: await unservedOrders(tx, did.id),
    beats: await lastBeats(tx),
  };
}

const nameOf = ({ rses }: DidFacts, rseId: RseId): string =>
  rses.get(rseId)?.name ?? 'an RSE that is gone';

const heldBy = ({ rules }: DidFacts): string =>
  rules.length === 0 ? 'that no rule holds' : `held by ${counted(rules[0]?.rules ?? 0, 'rule')}`;

function whereabouts(facts: DidFacts): string {
  const { did, copies, below } = facts;
  if (did.availability === DidAvailability.LOST) return 'lost: no good copy is left';
  if (did.type === DidType.FILE) {
    const good = copies.filter(({ state }) => state === ReplicaState.AVAILABLE);
    if (copies.length === 0) return 'no copy anywhere';
    const places = listed(good.map(({ rseId }) => nameOf(facts, rseId)));
    return good.length === 0
      ? `none of ${counted(copies.length, 'copy', 'copies')} is available`
      : `${counted(good.length, 'good copy', 'good copies')} at ${places}`;
  }
  const good = below.filter(({ state }) => state === ReplicaState.AVAILABLE);
  if (good.length === 0) return 'no good copy of anything below it';
  return `good copies at ${listed(
    good.map(
      (at) => `${nameOf(facts, at.rseId)} (${counted(at.files, 'file')}, ${sized(at.bytes)})`,
    ),
  )}`;
}

function standingOf(facts: DidFacts): string[] {
  const { did, now, flags, pending, copies, declarations } = facts;
  const lines: string[] = [];
  if (did.availability === DidAvailability.LOST) {
    lines.push(
      'The last bytes stay where they are; a good copy that is registered makes it available again',
    );
  }
  if (did.expiredAt) {
    lines.push(
      did.expiredAt <= now
        ? `It expired at ${clockTime(did.expiredAt, now)}: the undertaker erases it with its rules`
        : `It expires at ${clockTime(did.expiredAt, now)}, and its rules with it`,
    );
  }
  if (pending) {
    lines.push(
      `${counted(pending.evaluations, 'change')} of content above it ${pending.evaluations === 1n ? 'waits' : 'wait'} for the judge${pending.since ? `, since ${clockTime(pending.since, now)}` : ''}: until then none of its copies is deleted`,
    );
  }
  if (flags?.suppressed || flags?.hidden)
    lines.push('It is hidden: listings leave it out unless they are asked for it');
  if (flags?.obsolete) lines.push('It is obsolete: its last copy is not kept');
  if (flags?.keepsLast)
    lines.push(`The scope ${did.scope} keeps last copies: one good copy stays in every case`);
  if (flags?.isNew) lines.push('Subscriptions have not looked at it yet');
  for (const copy of copies.filter(({ state }) => state !== ReplicaState.AVAILABLE)) {
    const said = declarations.find(({ rseId }) => rseId === copy.rseId);
    const why = said ? `: ${said.reason ?? said.cause ?? 'no reason given'}` : '';
    lines.push(`${nameOf(facts, copy.rseId)}: ${ReplicaStateCodec.name(copy.state)}${why}`);
  }
  const loose = copies.filter(({ lockCnt }) => lockCnt === 0);
  if (loose.length > 0) {
    lines.push(
      `No rule holds the ${loose.length === 1 ? 'copy' : 'copies'} at ${listed(loose.map(({ rseId }) => nameOf(facts, rseId)))}`,
    );
  }
  return lines;
}

const unservedLine =
  (now: Date) =>
  ({ subscription, account, error, dueAt }: Unserved): string =>
    `Subscription ${subscription} of ${account} could not be served: ${error}; ${dueAt ? `tried again ${dueAt <= now ? 'now' : `at ${clockTime(dueAt, now)}`}` : 'given up'}`;

function nextOf({ did, now, pending, flags }: DidFacts): string[] {
  const next: string[] = [];
  if (pending)
    next.push('The judge gives new files their locks and takes those of files that left');
  if (flags?.isNew)
    next.push('The transmogrifier asks every subscription whether it wants the DID');
  if (did.expiredAt && did.expiredAt <= now)
    next.push('The undertaker deletes its rules and erases it');
  return next;
}

function remediesOf({ did, rules, now, copies }: DidFacts): Remedy[] {
  const remedies: Remedy[] = [];
  if (did.expiredAt) remedies.push(expireDid(did, null, 'take its end back'));
  const held = rules.some(({ expiresAt }) => expiresAt === null || expiresAt > now);
  const good = copies.find(({ state }) => state === ReplicaState.AVAILABLE);
  if (!held && (good || did.type !== DidType.FILE)) {
    remedies.push(addRule(did, '*', 'protect one copy of it by a rule'));
  }
  return remedies;
}

const copyFacts = (facts: DidFacts) =>
  facts.did.type === DidType.FILE
    ? facts.copies.map(({ rseId, state, lockCnt, tombstone, verifiedAt }) => ({
        rse: nameOf(facts, rseId),
        state: ReplicaStateCodec.name(state),
        locks: lockCnt,
        tombstone,
        verified_at: verifiedAt,
      }))
    : facts.below.map(({ rseId, state, files, bytes }) => ({
        rse: nameOf(facts, rseId),
        state: ReplicaStateCodec.name(state),
        files,
        bytes,
        looked_at_most: FILES_MAX,
      }));
