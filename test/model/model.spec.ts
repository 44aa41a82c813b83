import { it } from '@jest/globals';
import fc from 'fast-check';
import { lakePlans } from './lake-plan.js';
import { stories } from './operation.js';
import { play } from './play.js';

/** As many as fit; `npm run test:model` plays more, other ones, and at the same time. */
const BUDGET_MS = 15_000;
const SEED = 20_261_121;

it('keeps every promise of the catalogue, whatever happens in whatever order', async () => {
  await fc.assert(fc.asyncProperty(lakePlans, stories, play), {
    seed: SEED,
    numRuns: 1000,
    interruptAfterTimeLimit: BUDGET_MS,
    markInterruptAsFailure: false,
    includeErrorInReport: true,
    timeout: 30_000,
  });
});
