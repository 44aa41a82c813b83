import { listHeartbeats } from '../daemons/runtime/index.js';
import { type Tx } from '../db/index.js';
import { type DaemonName } from '../vocabulary/index.js';
import { clockTime } from './words.js';

/** Who says nothing for so long is not at work. */
const SILENT_MS = 300_000;

/** When each daemon was heard of last, over all processes. */
export async function lastBeats(tx: Tx): Promise<Map<string, Date>> {
  const beats = new Map<string, Date>();
  for (const { executable, updatedAt } of await listHeartbeats(tx)) {
    const before = beats.get(executable);
    if (!before || before < updatedAt) beats.set(executable, updatedAt);
  }
  return beats;
}

/** That nobody does what is waited for; nothing where the daemons are at work. */
export function idleWorkers(
  beats: ReadonlyMap<string, Date>,
  needed: Iterable<DaemonName>,
  now: Date,
): string[] {
  return [...new Set(needed)].flatMap((name) => {
    const at = beats.get(name);
    if (at && now.getTime() - at.getTime() < SILENT_MS) return [];
    const since = at ? `was heard of last at ${clockTime(at, now)}` : 'is not running anywhere';
    return [`${name} ${since}: start it by 'sluice serve --roles ${name}'`];
  });
}
