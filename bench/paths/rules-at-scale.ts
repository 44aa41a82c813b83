import { type Path } from '../path.js';
import { backfilled } from './backfill.js';
import { lifeOfRule } from './life-of-rule.js';
import { planOver } from './plan.js';
import { wideRules } from './wide-rules.js';

const FILES = 1_000_000;

/** Rules over very many files, very many datasets, and files that are in very many of them. */
export const rulesAtScale: readonly Path[] = [
  planOver(FILES),
  ...lifeOfRule(FILES, 'DATASET'),
  ...lifeOfRule(FILES, 'NONE'),
  ...wideRules,
  backfilled(),
];
