import { Type, type Static } from 'typebox';
import { NamingSchemes } from '../vocabulary/index.js';
import { client, database, server, storage, tokens } from './service-schema.js';
import { sinks } from './sink-schema.js';
import { amount, days, milliseconds, seconds, secret, section, text } from './units.js';
import { daemons, jobs, policy, replicas, requests, rules, subscriptions } from './work-schema.js';

/**
 * The shape of the whole configuration. Section names are the rooms of `src/`; every required key has
 * its default in `config/default.yaml`.
 *
 * To add a key: one line in its section, one line with the default there.
 */
export const ConfigSchema = section({
  server,
  database,
  state: section({ directory: Type.Optional(text) }),
  bootstrap: section({
    username: text,
    /** Absent: generated into a 0600 file of the state directory. */
    password: Type.Optional(secret),
    passwordFile: Type.Optional(text),
  }),
  client,
  tokens,
  accounts: section({
    passwordWorkers: Type.Integer({ minimum: 1, maximum: 64 }),
    passwordQueueMax: amount,
  }),
  policy,
  log: section({
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  }),
  storage,
  daemons,
  rules,
  jobs,
  subscriptions,
  replicas,
  dids: section({
    /** How new DIDs may be named: docs/naming.md. */
    naming: Type.Enum([...NamingSchemes]),
  }),
  metadata: section({ queryTimeoutMs: milliseconds }),
  messages: section({ sinks }),
  requests,
  doctor: section({
    /** What the daemon mends by itself: nothing, what is computed from other rows, or everything. */
    repair: Type.Enum(['none', 'derived', 'all']),
    /** Rows that one statement looks at. */
    sliceRows: amount,
  }),
  reaper: section({ leaseSeconds: seconds, parallelMax: amount, retrySeconds: seconds }),
  retention: section({
    requestHistoryDays: days,
    ruleHistoryDays: days,
    contentsHistoryDays: days,
    deletedDidsDays: days,
    messagesDays: days,
    tracesDays: days,
    usageHistoryDays: days,
    auditDays: days,
    /** Declarations about copies, once they are closed; suspicions from the day they were said. */
    badReplicasDays: days,
    /** Tasks of subscriptions, once they are DONE; afterwards a backfill may find their DIDs anew. */
    tasksDays: days,
    /** Jobs and their results, once they have ended. */
    jobsDays: days,
  }),
});

/** The configuration as files and environment may give it. */
export type Settings = Static<typeof ConfigSchema>;
