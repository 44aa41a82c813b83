import { Catalogue1795219200000 } from './0001-catalogue/index.js';
import { BadCopies1795305600000 } from './0002-bad-copies/index.js';
import { Subscriptions1795392000000 } from './0003-subscriptions/index.js';
import { Leftovers1795478400000 } from './0004-leftovers/index.js';
import { FirstStatistics1795564800000 } from './0005-first-statistics/index.js';
import { AttemptUids1795651200000 } from './0006-attempt-uids/index.js';
import { Lineage1795824000000 } from './0008-lineage/index.js';
import { PathLikeNames1795910400000 } from './0009-path-like-names/index.js';
import { Quarantine1795996800000 } from './0010-quarantine/index.js';
import { QosAndLimits1796083200000 } from './0011-qos-and-limits/index.js';
import { Events1796169600000 } from './0012-events/index.js';
import { PlacementConstraints1796256000000 } from './0013-placement-constraints/index.js';
import { Drift1796342400000 } from './0014-drift/index.js';
import { Repair1796428800000 } from './0015-repair/index.js';
import { Jobs1796515200000 } from './0016-jobs/index.js';
import { BackfillsAndTasks1796601600000 } from './0017-backfills-and-tasks/index.js';
import { Phases1796688000000 } from './0018-phases/index.js';
import { LocksByRule1796860800000 } from './0020-locks-by-rule/index.js';
import { PlacementDrift1796947200000 } from './0021-placement-drift/index.js';
import { FailingEnd1797120000000 } from './0023-failing-end/index.js';
import { Asked1797379200000 } from './0026-asked/index.js';
import { JobFaults1797465600000 } from './0027-job-faults/index.js';

/** Every migration, oldest first. */
export const migrations = [
  Catalogue1795219200000,
  BadCopies1795305600000,
  Subscriptions1795392000000,
  Leftovers1795478400000,
  FirstStatistics1795564800000,
  AttemptUids1795651200000,
  Lineage1795824000000,
  PathLikeNames1795910400000,
  Quarantine1795996800000,
  QosAndLimits1796083200000,
  Events1796169600000,
  PlacementConstraints1796256000000,
  Drift1796342400000,
  Repair1796428800000,
  Jobs1796515200000,
  BackfillsAndTasks1796601600000,
  Phases1796688000000,
  LocksByRule1796860800000,
  PlacementDrift1796947200000,
  FailingEnd1797120000000,
  Asked1797379200000,
  JobFaults1797465600000,
] as const;
