import { readFileSync } from 'node:fs';
import globalSetup from '../support/global-setup.mjs';
import globalTeardown from '../support/global-teardown.mjs';
import { play } from './play.js';

/*
 * A sequence that a run of the model told (its line of JSON), played again, and made smaller where it
 * fails, by leaving operations out:  npm run test:model:again -- FILE [times]
 * What happens at the same time comes out otherwise each time: then let each try have some (default: 1).
 */
const [file, times = '1'] = process.argv.slice(2);

/** What a sequence fails with at one of these times; undefined if it never does. */
async function failureOf(plan, operations) {
  for (let time = 0; time < Number(times); time++) {
    try {
      await play(plan, operations);
    } catch (error) {
      return error.message;
    }
  }
  return undefined;
}

/** The fewest operations that still fail: halves are left out first, then ever smaller parts. */
async function smallest(plan, operations) {
  let left = operations;
  for (let size = Math.ceil(left.length / 2); ; size = Math.max(1, size >> 1)) {
    const before = left.length;
    for (let at = 0; at < left.length;) {
      const fewer = left.toSpliced(at, size);
      if ((await failureOf(plan, fewer)) === undefined) at += size;
      else left = fewer;
    }
    process.stdout.write(`${left.length} operations\n`);
    if (size === 1 && left.length === before) return left;
  }
}

globalSetup();
try {
  const [plan, operations] = JSON.parse(readFileSync(file, 'utf8'));
  const failure = await failureOf(plan, operations);
  process.stdout.write(`${failure ?? `whole after ${times} times`}\n`);
  if (failure !== undefined) {
    process.exitCode = 1;
    process.stdout.write(`${JSON.stringify([plan, await smallest(plan, operations)])}\n`);
  }
} finally {
  await globalTeardown();
}
