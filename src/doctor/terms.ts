import { type Config } from '../config/index.js';
import { type DoctorTerms } from './check.js';

/** What may be so for a while is wrong after a day, or as long as an upload may take. */
const PATIENCE_MS = 86_400_000;

/** The doctor's times and bounds, from the configuration. */
export const doctorTerms = (
  config: Pick<Config, 'rules' | 'replicas' | 'doctor' | 'tokens'>,
  now: Date,
): DoctorTerms & { readonly sliceRows: number } => ({
  ...config.rules,
  now,
  since: new Date(
    now.getTime() - Math.max(PATIENCE_MS, config.tokens.uploadLifetimeSeconds * 1000),
  ),
  tombstoneDelaySeconds: config.replicas.tombstoneDelaySeconds,
  sliceRows: config.doctor.sliceRows,
});
