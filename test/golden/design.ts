import { type PlanShape } from '../support/plan-shape.js';

/** Tables that are never read from end to end, whatever the batch. */
const VAST = [
  'replicas',
  'locks',
  'dids',
  'contents',
  'requests',
  'stuck_locks',
  'guarded_copies',
  'did_meta',
  'updated_dids',
  'derived',
  'tokens',
];

/** The indexes that each statement was designed for; one that alone holds a queue is read from its head. */
export const DESIGN: Readonly<Record<string, { by: readonly string[]; head?: string }>> = {
  'register-1-names': { by: [] },
  'register-2-copies': { by: ['dids_scope_name_key'] },
  attach: { by: ['dids_scope_name_key', 'dids_pkey'] },
  'place-slice': { by: ['contents_pkey', 'dids_pkey', 'replicas_pkey', 'locks_rule_id_idx'] },
  'place-spread': { by: ['contents_pkey', 'dids_pkey', 'replicas_pkey', 'locks_rule_id_idx'] },
  'place-datasets': {
    by: ['contents_pkey', 'contents_child_id_idx', 'dids_pkey', 'replicas_pkey'],
  },
  'datasets-held': { by: ['contents_pkey', 'replicas_pkey'] },
  'lineage-loop': { by: ['derived_pkey', 'derived_parent_id_child_id_idx'] },
  'lineage-ancestors': { by: ['derived_pkey', 'dids_pkey'] },
  'lineage-descendants': { by: ['derived_parent_id_child_id_idx', 'dids_pkey'] },
  'evaluate-1-collections': { by: ['contents_child_id_idx', 'dids_pkey'] },
  'evaluate-2-rules': { by: ['contents_child_id_idx'] },
  'evaluate-3-placement': { by: ['contents_pkey'] },
  'evaluate-4-bytes': { by: ['contents_pkey', 'dids_pkey'] },
  'evaluate-5-held': { by: ['contents_pkey', 'locks_pkey', 'replicas_pkey'] },
  'queue-buckets': {
    by: ['requests_rse_id_activity_priority_id_idx'],
    head: 'requests_rse_id_activity_priority_id_idx',
  },
  'queue-claim': { by: ['requests_rse_id_activity_priority_id_idx', 'requests_pkey'] },
  'finish-1-copies': { by: ['requests_id_idx', 'requests_pkey'], head: 'requests_id_idx' },
  'finish-2-locks': { by: ['locks_pkey', 'rules_pkey'] },
  release: { by: ['locks_rule_id_idx', 'requests_did_id_rse_id_key', 'rules_pkey'] },
  'end-rules': { by: ['locks_rule_id_idx', 'requests_did_id_rse_id_key', 'rules_pkey'] },
  'reap-1-claim': {
    by: ['replicas_rse_id_tombstone_idx', 'contents_child_id_idx', 'replicas_pkey'],
  },
  'reap-2-verify': { by: ['dids_pkey', 'replicas_pkey'] },
  'reap-3-forget': { by: ['replica_paths_pkey', 'guarded_copies_pkey'] },
  'list-replicas': { by: ['dids_pkey', 'replicas_pkey'] },
  'list-files': { by: ['contents_pkey', 'dids_pkey'] },
  'list-1-names': { by: ['contents_pkey', 'dids_pkey'] },
  'list-2-lines': { by: ['dids_pkey', 'replicas_pkey'] },
  'search-own-metadata': { by: ['did_meta_meta_idx', 'dids_pkey'] },
  authenticate: { by: ['tokens_pkey'] },
};

/** What is wrong with a plan of the statement `name` whatever the planner knows, as sentences. */
export function slowness(name: string, shape: PlanShape): string[] {
  const head = DESIGN[name]?.head;
  return [
    ...shape.wholeReads
      .filter(({ relation, index }) => VAST.includes(relation) && (!index || index !== head))
      .map(({ relation, index }) => `${name} reads ${relation} whole${index ? ` by ${index}` : ''}`),
    ...shape.sievedReads.map((read) => `${name} looks for a file among ${read}`),
    ...shape.loopsOverCtes.map((loop) => `${name} loops over ${loop}`),
  ];
}

/** The indexes that the statement `name` was designed for and does not go by. */
export const lostIndexes = (name: string, shape: PlanShape): string[] =>
  (DESIGN[name]?.by ?? [])
    .filter((index) => !shape.indexes.has(index))
    .map((index) => `${name} does not go by ${index}`);
