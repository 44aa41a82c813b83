import fc from 'fast-check';
import globalSetup from '../support/global-setup.mjs';
import globalTeardown from '../support/global-teardown.mjs';
import { lakePlans } from './lake-plan.js';
import { crowdedStories, stories } from './operation.js';
import { play } from './play.js';

/*
 * The model test at length:  npm run test:model -- [sequences] [seed] [path]
 * A seed and a path that a failure named play that one again. The first half of the sequences play
 * one thing after the other, the second half some at the same time, which no seed repeats exactly.
 *
 * What fails is told at once. Of the first half it is then made smaller, which takes minutes; of the
 * second half it is told as it was played, because each try comes out otherwise: `npm run test:model:again`
 * plays it several times, and makes it smaller.
 */
const [sequences = '200', seed = String(Date.now() % 2 ** 31), path] = process.argv.slice(2);

const spec = {
  seed: Number(seed),
  includeErrorInReport: true,
  timeout: 60_000,
  numRuns: Math.ceil(Number(sequences) / 2),
  ...(path !== undefined && { path }),
};

/** Sequences after which a sign of life is given. */
const TELL_EVERY = 50;
let played = 0;
let failures = 0;

async function playAloud(plan, operations) {
  try {
    await play(plan, operations);
    if (++played % TELL_EVERY === 0) process.stdout.write(`${played} played\n`);
  } catch (error) {
    if (++failures === 1) {
      process.stdout.write(
        `a sequence of ${operations.length} failed: ${error.message}\n${JSON.stringify([plan, operations])}\nlooking for a smaller one\n`,
      );
    }
    throw error;
  }
}

async function run() {
  for (const [name, told, endOnFailure] of [
    ['one after the other', stories, false],
    ['at the same time', crowdedStories, true],
  ]) {
    process.stdout.write(`${spec.numRuns} sequences, ${name}, seed ${seed}\n`);
    await fc.assert(fc.asyncProperty(lakePlans, told, playAloud), { ...spec, endOnFailure });
  }
}

globalSetup();
try {
  await run();
} catch (error) {
  process.exitCode = 1;
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await globalTeardown();
}
