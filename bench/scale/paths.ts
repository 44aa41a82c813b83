import { type Path } from '../path.js';
import { catalogue } from '../paths/catalogue.js';
import { claims } from '../paths/claims.js';
import { finisher } from '../paths/daemons.js';
import { cleaner, evaluator, ruleOver } from '../paths/rules.js';
import { doctorRound } from './doctor.js';
import { scaledReads } from './reads.js';
import { type Shape } from './shape.js';
import { cleanAll, reapScattered, ruleOverAll } from './writes.js';

/**
 * What runs upon a loaded catalogue: first batches that are the same at any size, of which the cost
 * should not grow, then work over 10^6 files, whose debris would disturb the others.
 */
export const scaled = (shape: Shape): readonly Path[] => [
  ...scaledReads(shape),
  doctorRound(shape),
  ...catalogue,
  ruleOver(10_000, 'DATASET', 3),
  ruleOver(10_000, 'NONE', 3),
  evaluator(),
  finisher,
  cleaner(25_000),
  reapScattered(shape, 10_000),
  claims(50_000),
  ...(shape.files >= 10_000_000 ? [reapScattered(shape, 100_000)] : []),
  ruleOverAll(shape),
  cleanAll(shape),
  ...(shape.files >= 1_000_000 ? [claims(1_000_000)] : []),
];
