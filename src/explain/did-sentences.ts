import {
  DidAvailability,
  DidType,
  DidTypeCodec,
  ReplicaState,
  ReplicaStateCodec,
  type RseId,
} from '../vocabulary/index.js';
import { type DidFacts } from './did-facts.js';
import { type Unserved } from './subscription-facts.sql.js';
import { capital, clockTime, counted, listed, sized } from './words.js';

/** The name of an RSE that has copies. */
export const nameOf = ({ rses }: DidFacts, rseId: RseId): string =>
  rses.get(rseId)?.name ?? 'an RSE that is gone';

/** Who holds it, and where its good copies are, in one sentence. Pure. */
export const headline = (facts: DidFacts): string =>
  `${capital(DidTypeCodec.name(facts.did.type).toLowerCase())} ${heldBy(facts)}; ${whereabouts(facts)}`;

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

/** What there is to know of it, besides its rules. Pure. */
export function standingOf(facts: DidFacts): string[] {
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

/** A standing order that could not be followed. */
export const unservedLine =
  (now: Date) =>
  ({ subscription, account, error, dueAt }: Unserved): string =>
    `Subscription ${subscription} of ${account} could not be served: ${error}; ${dueAt ? `tried again ${dueAt <= now ? 'now' : `at ${clockTime(dueAt, now)}`}` : 'given up'}`;
