/** The daemons: also the names of heartbeats, metrics and helm roles. */
export const DaemonNames = [
  'judge-evaluator',
  'judge-injector',
  'judge-repairer',
  'judge-cleaner',
  'judge-drifter',
  'judge-phaser',
  'transmogrifier',
  'foreman',
  'conveyor-submitter',
  'conveyor-poller',
  'conveyor-finisher',
  'reaper',
  'dark-reaper',
  'undertaker',
  'necromancer',
  'verifier',
  'kronos',
  'atropos',
  'hermes',
  'abacus',
  'rescuer',
  'doctor',
  'janitor',
] as const;
export type DaemonName = (typeof DaemonNames)[number];

/** Doorbells between writers and daemons (PostgreSQL NOTIFY). A ring carries no data. */
export const Channel = {
  NEW_DIDS: 'sluice_new_dids',
  EVALUATION: 'sluice_evaluation',
  INJECTION: 'sluice_injection',
  REQUESTS: 'sluice_requests',
  TRANSFERS: 'sluice_transfers',
  RULES: 'sluice_rules',
  RSES: 'sluice_rses',
  DELETION: 'sluice_deletion',
  BAD_REPLICAS: 'sluice_bad_replicas',
  VERIFICATION: 'sluice_verification',
  JOBS: 'sluice_jobs',
} as const;
export type Channel = (typeof Channel)[keyof typeof Channel];
