import { type Config } from '../config/index.js';
import { type DoctorTerms } from './check.js';

/** What may be so for a while is wrong after a day: as long as an upload may take. */
const PATIENCE_MS = 86_400_000;

/** The doctor's times and bounds, from the configuration. */
export const doctorTerms = (
  config: Pick<Config, 'rules' | 'replicas' | 'doctor'>,
  now: Date,
): DoctorTerms & { readonly sliceRows: number } => ({
  ...config.rules,
  now,
  since: new Date(now.getTime() - PATIENCE_MS),
  tombstoneDelaySeconds: config.replicas.tombstoneDelaySeconds,
  sliceRows: config.doctor.sliceRows,
});
