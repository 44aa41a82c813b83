import { type Tx } from '../db/index.js';
import {
  DidAvailabilityCodec,
  type DidName,
  DidType,
  DidTypeCodec,
  ReplicaState,
  ReplicaStateCodec,
} from '../vocabulary/index.js';
import { FILES_MAX } from './copy-facts.sql.js';
import { type DidFacts, readDidFacts } from './did-facts.js';
import { headline, nameOf, standingOf, unservedLine } from './did-sentences.js';
import { type Explanation, type Remedy } from './explanation.js';
import { addRule, keepDid } from './remedies-of-dids.js';
import { type Desk } from './rule-facts.js';
import { ruleFact, ruleLines } from './rule-lines.js';
import { idleWorkers } from './workers.js';

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
    summary: headline(facts),
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
  if (did.expiredAt) remedies.push(keepDid(did));
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
