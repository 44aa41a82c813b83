import { type Path } from '../path.js';
import { claimers } from './claims.js';
import { finishing, reaping } from './concurrency-copies.js';
import { processes } from './concurrency-daemons.js';
import { cleaning, evaluation, injection } from './concurrency-judge.js';
import { crowdedCleaning, crowdedEvaluation, wideInjection } from './concurrency-wide.js';
import { writers } from './concurrency-writers.js';

const MANY = [1, 2, 4];

/**
 * The same work shared by one, two and four writers. Every path ends with a count of what was done:
 * anything done twice or left out, a broken invariant or a deadlock fails the run.
 */
export const concurrency: readonly Path[] = [
  ...MANY.map(writers),
  ...[
    ...[injection, evaluation, finishing, cleaning],
    ...[wideInjection, crowdedEvaluation, crowdedCleaning],
  ].flatMap((work) => MANY.map((count) => processes(count, work))),
  ...MANY.map((count) => processes(count, reaping())),
  ...MANY.map(claimers),
];
