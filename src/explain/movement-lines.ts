import { type Movement } from '../locks/index.js';
import { type RuleFacts } from './rule-facts.js';
import { clockTime, counted, sized } from './words.js';

/** What locks move for, as people say it. */
const CAUSES: Readonly<Record<string, string>> = {
  drain: 'a job drains it',
  rebalance: 'a job evens out what is stored',
  drift: 'the rule has drifted from there',
};

/** `40 copies (1.2 GB) move from A-DISK to B-DISK since 12:01 UTC: …`, a line a way. Pure. */
export const movementLines = (
  movements: readonly Movement[],
  { rses, now }: Pick<RuleFacts, 'rses' | 'now'>,
): string[] =>
  movements.map(({ rseId, targetRseId, cause, copies, bytes, since, arrived }) => {
    const name = (id: number) => rses.get(id)?.name ?? 'an RSE that is gone';
    const move = copies === 1n ? 'moves' : 'move';
    return `${counted(copies, 'copy', 'copies')} (${sized(bytes)}) ${move} from ${name(rseId)} to ${name(targetRseId)} since ${clockTime(since, now)}: ${CAUSES[cause] ?? cause}; ${arrived.toLocaleString('en-US')} arrived, and each old one is let go when the new one is there`;
  });

/** The same for the facts. */
export const movementFacts = (movements: readonly Movement[], rses: RuleFacts['rses']) =>
  movements.map(({ rseId, targetRseId, cause, copies, bytes, since, arrived }) => ({
    from: rses.get(rseId)?.name ?? null,
    to: rses.get(targetRseId)?.name ?? null,
    since,
    why: cause,
    copies,
    bytes,
    arrived,
  }));
