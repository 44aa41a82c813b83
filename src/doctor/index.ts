/**
 * What must be true of the catalogue: checks over all its tables, in slices, what they find, and how
 * that is mended.
 */

export {
  among,
  type Check,
  type Denial,
  type DoctorTerms,
  everything,
  type NamedDenial,
} from './check.js';
export { checks, checksNamed } from './checks.js';
export {
  type CheckRecord,
  checkRecords,
  claimCheck,
  type Round,
  settleCheck,
} from './doctor.sql.js';
export { DoctorCheckEntity } from './doctor-check.entity.js';
export { LAST_KEY } from './examine.js';
export {
  type CheckReport,
  EXAMPLES,
  lookAtSlice,
  lookOver,
  type LookTerms,
  type SliceReport,
  textOf,
} from './look-over.js';
export { doctorTerms } from './terms.js';
