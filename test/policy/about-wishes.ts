import { type JobWish } from '../../src/jobs/index.js';
import { RuleGrouping, RuleNotification } from '../../src/vocabulary/index.js';
import * as policy from '../../src/policy/index.js';
import { EVERYBODY, OWNER } from './callers.js';
import { ADMINS, admins, OWNERS, ROOT, type Rows } from './cases.js';

const drain: JobWish = {
  kind: 'drain',
  spec: { rse: 'X', keepCopies: false, targets: null },
};
const rebalance: JobWish = {
  kind: 'rebalance',
  spec: { from: '*', to: '*', thresholdPercent: 90, targetPercent: 80, bytesMax: null },
};
const deletion: JobWish = {
  kind: 'delete_replicas',
  spec: { dids: [], rseExpression: null, removeRules: false },
};
const replication = (locked: boolean): JobWish => ({
  kind: 'replicate',
  spec: {
    dids: [],
    availableAt: null,
    rule: {
      accountId: OWNER,
      copies: 1,
      rseExpression: '*',
      grouping: RuleGrouping.DATASET,
      activity: 0,
      notification: RuleNotification.NO,
      locked,
    },
  },
});
const change = (ownerId: number | null): JobWish => ({
  kind: 'change',
  spec: { rules: { scope: 'data' }, change: { priority: 5 }, ownerId },
});

/** Who may do what with rules, subscriptions, requests, settings and daemons. */
export const aboutWishes = {
  mayAddRule: [
    {
      what: 'add a rule for an account',
      rucio: ['add_rule'],
      ask: (caller) => policy.mayAddRule(caller, OWNER, false),
      here: OWNERS,
    },
    ...admins((caller) => policy.mayAddRule(caller, OWNER, true), 'add a locked rule', 'add_rule'),
  ],
  mayChangeRule: [
    {
      what: "change, delete, move, reduce an account's rule",
      rucio: ['update_rule', 'del_rule', 'move_rule', 'reduce_rule'],
      ask: (caller) => policy.mayChangeRule(caller, OWNER),
      here: OWNERS,
      there: ADMINS,
      by: 'ownersChangeRules',
    },
  ],
  mayGiveRule: admins(policy.mayGiveRule, 'lock a rule, give it away', 'update_rule', 'move_rule'),
  mayApproveRule: admins(policy.mayApproveRule, 'approve or deny a rule', 'approve_rule'),
  mayChangeSubscription: [
    {
      what: 'add and change subscriptions of an account',
      rucio: ['add_subscription', 'update_subscription'],
      ask: (caller) => policy.mayChangeSubscription(caller, OWNER),
      here: OWNERS,
      there: ADMINS,
      by: 'ownersSubscribe',
    },
  ],
  mayWorkOnTasks: [
    {
      what: "take tasks of an account's subscriptions, and set their states",
      rucio: [],
      ask: (caller) => policy.mayWorkOnTasks(caller, OWNER),
      here: OWNERS,
    },
  ],
  mayOrderJob: [
    {
      what: 'order a job that replicates for an account',
      rucio: [],
      ask: (caller) => policy.mayOrderJob(caller, replication(false)),
      here: OWNERS,
    },
    ...admins(
      (caller) => policy.mayOrderJob(caller, replication(true)),
      'order a job that makes locked rules',
    ),
    {
      what: "order a job that changes an account's rules",
      rucio: [],
      ask: (caller) => policy.mayOrderJob(caller, change(OWNER)),
      here: OWNERS,
      there: ADMINS,
      by: 'ownersChangeRules',
    },
    ...admins(
      (caller) => policy.mayOrderJob(caller, change(null)),
      "order a job that changes everybody's rules",
    ),
    {
      what: 'order a job that deletes copies by name',
      rucio: [],
      ask: (caller) => policy.mayOrderJob(caller, deletion),
      here: ADMINS,
      there: [],
      by: 'adminsDeleteReplicas',
    },
    ...admins((caller) => policy.mayOrderJob(caller, drain), 'drain an RSE'),
    ...admins((caller) => policy.mayOrderJob(caller, rebalance), 'order a rebalancing'),
  ],
  maySteerJob: [
    {
      what: "cancel and resume an account's job, change its calendar",
      rucio: [],
      ask: (caller) => policy.maySteerJob(caller, OWNER),
      here: OWNERS,
    },
  ],
  mayApproveJob: admins(policy.mayApproveJob, 'approve the plan of a job'),
  mayListRequests: [
    {
      what: 'list requests and their history',
      rucio: ['list_requests', 'list_requests_history', 'get_request_history_by_did'],
      ask: policy.mayListRequests,
      here: EVERYBODY,
      there: ADMINS,
      by: 'openRequests',
    },
  ],
  mayReadRequest: [
    {
      what: 'see the request of one DID',
      rucio: ['get_request_by_did'],
      ask: policy.mayReadRequest,
      here: EVERYBODY,
    },
  ],
  mayReadSettings: admins(
    policy.mayReadSettings,
    'see settings',
    'config_sections',
    'config_has_section',
    'config_has_option',
    'config_get',
    'config_items',
  ),
  mayChangeSettings: admins(
    policy.mayChangeSettings,
    'change settings',
    'config_set',
    'config_remove_section',
    'config_remove_option',
  ),
  mayReadHeartbeats: [
    {
      what: 'see the heartbeats',
      rucio: ['list_heartbeats'],
      ask: policy.mayReadHeartbeats,
      here: ROOT,
    },
  ],
  mayReadDoctor: admins(policy.mayReadDoctor, 'see what the doctor has found'),
  maySendHeartbeats: admins(policy.maySendHeartbeats, 'send heartbeats', 'send_heartbeats'),
  mayAskException: [
    {
      what: 'ask for lifetime exceptions of an account',
      rucio: [],
      ask: (caller) => policy.mayAskException(caller, OWNER),
      here: OWNERS,
    },
  ],
  mayDecideException: admins(
    policy.mayDecideException,
    'decide on lifetime exceptions',
    'update_lifetime_exceptions',
  ),
} satisfies Rows;
