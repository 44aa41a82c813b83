import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually } from '../../support/eventually.js';
import { startDaemons } from '../../support/service.js';

/** Small slices, short leases and no waiting: there is always something under way. */
export const SETTINGS = {
  log: { level: 'info' },
  database: { poolSize: 5 },
  storage: { allowPrivate: true, timeoutBaseMs: 5000 },
  daemons: {
    periodSeconds: 0.5,
    tuning: Object.fromEntries(
      [
        ...['abacus', 'judge-cleaner', 'judge-repairer', 'judge-drifter', 'judge-phaser'],
        ...['reaper', 'rescuer', 'undertaker'],
      ].map((name) => [name, { periodSeconds: 0.5 }]),
    ),
  },
  rules: {
    deleteGraceSeconds: 0,
    lockRetrySeconds: 1,
    lockRetrySecondsMax: 1,
    driftCheckSeconds: 1,
    phaseLookSeconds: 1,
    synchronousLocksMax: 1,
    sliceLocks: 7,
  },
  jobs: { pollSeconds: 1, sliceItems: 5, sliceRules: 1 },
  subscriptions: { retrySeconds: 1, backfillPerMinute: 100_000 },
  requests: { leaseSeconds: 2, backoffSeconds: 0, attemptsMax: 10 },
  reaper: { leaseSeconds: 2, retrySeconds: 1 },
  replicas: { verifyRetrySeconds: 1 },
};

const ROLES = ['judge', 'conveyor', 'reaper', 'undertaker', 'necromancer', 'rescuer', 'abacus'];

export type Worker = Awaited<ReturnType<typeof startDaemons>>;

/** Shifts so far in which there was something to do. */
export const shiftsOf = (worker: Worker): number =>
  worker.output().split('"msg":"shift"').length - 1;

/** Processes of all daemons, as operators start them, over one database. */
export interface Crew {
  start(): Promise<Worker>;
  /** Kills what still runs. */
  end(): void;
}

export function crew(databaseUrl: string): Crew {
  const home = mkdtempSync(join(tmpdir(), 'sluice-killed-'));
  const running: Worker[] = [];
  writeFileSync(join(home, 'settings.yaml'), stringify(SETTINGS));
  return {
    async start() {
      const worker = await startDaemons(ROLES, join(home, 'state'), {
        SLUICE_CONFIG: join(home, 'settings.yaml'),
        SLUICE_DATABASE__URL: databaseUrl,
      });
      running.push(worker);
      return worker;
    },
    end() {
      for (const { child } of running) child.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** When a process is killed: after so many of its shifts, or of requests that a storage was sent. */
export interface KillPoint {
  readonly counts: 'shifts' | 'movements' | 'deletions';
  readonly after: number;
}

/** What storages were asked so far, by all processes; whoever asked waits while `heard` is told. */
export interface Traffic {
  movements: number;
  deletions: number;
  heard: () => void;
}

/** Until the kill point has come, on a machine that does ten other things. */
const POINT_MS = 120_000;

/**
 * Kills a process without a warning where its kill point is: while a storage has the request and has not
 * answered, or when it has told of the shift. At the end of all work at the latest.
 */
export async function killAt(
  victim: Worker,
  { counts, after }: KillPoint,
  traffic: Traffic,
  isIdle: () => Promise<boolean>,
): Promise<number | NodeJS.Signals | null> {
  const counted = () => (counts === 'shifts' ? shiftsOf(victim) : traffic[counts]);
  const from = counted();
  const isThere = () => counted() >= from + after;
  traffic.heard = () => void (isThere() && victim.child.kill('SIGKILL'));
  victim.child.stdout?.on('data', traffic.heard);
  await eventually(`${after} ${counts}`, async () => isThere() || (await isIdle()), POINT_MS);
  traffic.heard = () => undefined;
  return await victim.end('SIGKILL');
}

/** Numbers below a bound that look random and are the same for a seed (mulberry32). */
export function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
