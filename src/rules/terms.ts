import { type Config } from '../config/index.js';
import { type AdditionTerms } from './begin-rules.js';
import { type DriftTerms } from './find-drift.js';
import { type PhaseTerms } from './next-phase.js';
import { type RepairTerms } from './repair-rule.js';

/** The judge's times and bounds, from the configuration. */
export const rulesTerms = (
  config: Pick<Config, 'rules' | 'replicas'>,
  now: Date,
): AdditionTerms & RepairTerms & DriftTerms & PhaseTerms => ({
  now,
  ...config.rules,
  tombstoneDelaySeconds: config.replicas.tombstoneDelaySeconds,
});
