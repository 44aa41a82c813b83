import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';
import { type Crew, crew, dice, killAt, type KillPoint, SETTINGS, type Worker } from './crew.js';
import { type KilledLake, killedLake } from './lake.js';
import { complaints, made, once, undone, unkept, wrongBytes } from './looks.js';
import { begin } from './orders.js';

/*
 * Processes of all daemons, killed by SIGKILL in the middle of their work while more is wanted of them,
 * and real bytes. A seed makes the orders and the points of the kills the same; what daemons are at just
 * then differs from run to run. Another seed finds more: KILLED_SEED=7 npm test test/flows/killed.
 */
const SEED = Number(process.env['KILLED_SEED'] ?? 20261122);
/** Some ten times of what they take where nothing else runs. */
const END_MS = 120_000;
const LIMIT_MS = 400_000;

let api: TestApi;
let lake: KilledLake;
let workers: Crew;

beforeAll(async () => {
  api = await startApi({ overrides: SETTINGS as object });
  lake = await killedLake(api);
  workers = crew(api.databaseUrl);
});
afterAll(async () => {
  workers.end();
  await lake.close();
  await api.close();
});

const next = dice(SEED);

const POINTS = { shifts: 8, movements: 12, deletions: 3 } as const;

function killPoint(): KillPoint {
  const counts = (['shifts', 'movements', 'deletions'] as const)[next(3)] ?? 'shifts';
  return { counts, after: 1 + next(POINTS[counts]) };
}

const shuffled = <T>(things: readonly T[]): T[] =>
  things
    .map((thing) => ({ thing, at: next(1000) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ thing }) => thing);

async function converge(): Promise<void> {
  let left: string[] = [];
  const isDone = async () => (left = await undone(api.db)).length === 0;
  await eventually('nothing is left to do', isDone, END_MS).catch((error: unknown) => {
    throw new Error(`left: ${left.join(', ')}`, { cause: error });
  });
}

type Wish = () => Promise<unknown>;

/** Wants these things, a share of them before each kill of one of these processes. */
async function killWhile(wishes: readonly Wish[], victims: readonly Worker[]): Promise<void> {
  const share = Math.ceil(wishes.length / victims.length);
  for (const [i, victim] of victims.entries()) {
    let asked = false;
    const asking = (async () => {
      for (const wish of wishes.slice(i * share, (i + 1) * share)) await wish();
    })().finally(() => (asked = true));
    const isIdle = async () => asked && (await undone(api.db)).length === 0;
    const killing = killAt(victim, killPoint(), lake.traffic, isIdle);
    expect((await Promise.all([killing, asking]))[0]).toBe('SIGKILL');
  }
}

describe('daemons that are killed', () => {
  it(
    `leave nothing half done, and whoever comes next ends it (KILLED_SEED=${SEED})`,
    async () => {
      // The others need not transpile what the first one did.
      const running = [await workers.start()];
      const [first] = await Promise.all([
        begin(lake, 'k0'),
        ...Array.from({ length: 4 }, async () => running.push(await workers.start())),
      ]);
      const [victims, others] = [running.slice(0, 2), running.slice(2)];
      await killWhile(shuffled(first), victims);
      const coming = workers.start();
      const drain = () => lake.post('/jobs', { kind: 'drain', rse: 'B-DISK' });
      await killWhile([...shuffled(await begin(lake, 'k1')), drain], others);
      const sixth = await coming;
      await converge();
      expect(await sixth.end('SIGTERM')).toBe(0);
      expect(await complaints(api.db)).toEqual([]);
      expect(await unkept(api.db)).toEqual([]);
      expect(await wrongBytes(api.db, lake)).toEqual([]);
      for (const story of ['k0', 'k1']) expect(await made(api.db, story)).toEqual(once(story));
      for (const worker of [...running, sixth])
        expect(worker.output()).not.toContain('shift failed');
    },
    LIMIT_MS,
  );
});
