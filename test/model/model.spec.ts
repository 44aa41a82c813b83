import { it } from '@jest/globals';
import fc from 'fast-check';
import { lakePlans } from './lake-plan.js';
import { stories } from './operation.js';
import { play } from './play.js';

/** The same few in every run; `npm run test:model` plays more, other ones, and at the same time. */
const SEQUENCES = 50;
/** A minute on a quiet machine; whoever hangs is told so by the limit of one sequence. */
const TIMEOUT_MS = 900_000;
const SEED = 20_261_121;

it(
  'keeps every promise of the catalogue, whatever happens in whatever order',
  async () => {
    await fc.assert(fc.asyncProperty(lakePlans, stories, play), {
      seed: SEED,
      numRuns: SEQUENCES,
      includeErrorInReport: true,
      timeout: 60_000,
    });
  },
  TIMEOUT_MS,
);
