import { type Config } from '../config/index.js';
import { rulesTerms } from '../rules/index.js';
import { type JobTerms } from './job.js';

/** The times and bounds of jobs, from the configuration. */
export const jobsTerms = (
  config: Pick<Config, 'rules' | 'replicas' | 'jobs'>,
  now: Date,
): JobTerms => ({ ...rulesTerms(config, now), ...config.jobs });
