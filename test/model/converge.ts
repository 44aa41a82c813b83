import { changeRse } from '../../src/rses/index.js';
import { type Tally } from '../../src/daemons/runtime/index.js';
import { type DaemonName } from '../../src/vocabulary/index.js';
import { WORKERS } from './operation.js';
import { mend, perform } from './perform.js';
import { type World } from './world.js';

/** Passes over all daemons until none has anything to do; more would mean that two undo each other. */
const PASSES_MAX = 60;
/** Rounds an hour apart: longer than every lease, back-off and retry of the model's configuration. */
const ROUNDS_MAX = 10;
/** Rounds in which only the time went on. The repairer comes back for what cannot be mended. */
const QUIET_ROUNDS = 3;

/** They come back for what cannot be mended, and to see whether what they wait for is there. */
const LOOKS_AGAIN: readonly DaemonName[] = ['judge-repairer', 'foreman'];

/** Mends every storage, ends every upload, and lets all daemons work until nothing is left to do. */
export async function converge(world: World): Promise<void> {
  await heal(world);
  for (let round = 0, quiet = 0; round < ROUNDS_MAX && quiet < QUIET_ROUNDS; round++) {
    // A drain that begins only now has closed its RSE for good.
    await open(world);
    quiet = (await settle(world)) ? 0 : quiet + 1;
    world.skip(60);
  }
  await settle(world);
}

async function open({ lake, db }: World): Promise<void> {
  const traits = { availabilityRead: true, availabilityWrite: true, availabilityDelete: true };
  for (const { rse } of lake.sites) await db.tx((tx) => changeRse(tx, rse, traits));
}

async function heal(world: World): Promise<void> {
  for (const { storage } of world.lake.sites) mend(storage);
  while (world.uploads.length > 0) {
    await perform(world, { op: 'finish upload', upload: 0, whole: true });
  }
}

/** Gives whether anything was done apart from looking again at what cannot be mended. */
async function settle(world: World): Promise<boolean> {
  let worked = false;
  let tallies = new Map<DaemonName, Tally>();
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    tallies = await passOver(world);
    const busy = [...tallies].filter(([, { seen }]) => seen > 0);
    if (busy.length === 0) return worked;
    worked ||= busy.some(([name, { done }]) => done > 0 && !LOOKS_AGAIN.includes(name));
  }
  const busy = [...tallies].filter(([, { seen }]) => seen > 0);
  throw new Error(
    `the daemons do not come to rest: ${busy.map(([name, { seen }]) => `${name} ${seen}`).join(', ')}`,
  );
}

async function passOver(world: World): Promise<Map<DaemonName, Tally>> {
  const tallies = new Map<DaemonName, Tally>();
  for (const name of WORKERS) {
    await world.noteRemoval();
    const tally = await world.workers.shift(name, 1000);
    await world.noteProtection();
    if (tally) tallies.set(name, tally);
  }
  return tallies;
}
