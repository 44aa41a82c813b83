import { type TBoolean, Type } from 'typebox';
import {
  type DaemonName,
  DaemonNames,
  POLICY_SWITCHES,
  type PolicySwitch,
} from '../vocabulary/index.js';
import { amount, days, milliseconds, seconds, section, text } from './units.js';

// How the daemons work, and what rooms decide by times and limits.

const daemonTuning = Type.Optional(
  section({
    periodSeconds: Type.Optional(Type.Number({ minimum: 0.05, maximum: 86_400 })),
    batch: Type.Optional(amount),
  }),
);

export const daemons = section({
  periodSeconds: Type.Number({ minimum: 0.05, maximum: 86_400 }),
  batch: amount,
  shutdownGraceMs: milliseconds,
  heartbeatSeconds: seconds,
  /** Period and batch of one daemon, where it should differ from the two above. */
  tuning: section(
    Object.fromEntries(DaemonNames.map((name) => [name, daemonTuning])) as Record<
      DaemonName,
      typeof daemonTuning
    >,
  ),
});

/** Where permissions differ from Rucio's generic policy: true where they do (docs/permissions.md). */
export const policy = section(
  Object.fromEntries(POLICY_SWITCHES.map((name) => [name, Type.Boolean()])) as Record<
    PolicySwitch,
    TBoolean
  >,
);

export const rules = section({
  deleteGraceSeconds: seconds,
  /** Until a stuck lock is tried again; as much more for each day that it has been stuck. */
  lockRetrySeconds: seconds,
  lockRetrySecondsMax: seconds,
  driftCheckSeconds: seconds,
  /** For rules of the activity Express, however long their locks have been stuck. */
  expressRetrySeconds: seconds,
  /** A stuck lock that failed so often moves to another RSE of the expression. */
  moveAfterAttempts: amount,
  /** A rule that has been stuck for so long is SUSPENDED. */
  suspendAfterSeconds: seconds,
  /** A rule whose end of life has come expires so much later. */
  eolGraceSeconds: seconds,
  /** Until the next look at a phase that is over and may not end yet. */
  phaseLookSeconds: seconds,
  synchronousLocksMax: amount,
  sliceLocks: amount,
});

export const jobs = section({
  /** Until the next look at what a job waits for: locks on the move, rules that are being placed. */
  pollSeconds: amount,
  /** Files, copies or locks a slice, each a transaction. */
  sliceItems: amount,
  /** DIDs that get rules of their own in one slice. */
  sliceRules: amount,
  /** Jobs of one account that are not over; admins have as many as they like. */
  accountMax: amount,
  /** Schedules of one account, whether they are enabled or not. */
  accountSchedulesMax: amount,
});

export const subscriptions = section({
  /** Until a DID that could not be served is tried again; doubled by each attempt. */
  retrySeconds: amount,
  retrySecondsMax: amount,
  /** A DID that could not be served for so long waits no more; its entry stays to be seen. */
  giveUpSeconds: seconds,
  /** Subscriptions of one account that may be in use: each is asked about every new DID. */
  accountMax: amount,
  /** DIDs that a backfill serves a minute unless it says otherwise. */
  backfillPerMinute: Type.Integer({ minimum: 1, maximum: 100_000 }),
});

export const replicas = section({
  tombstoneDelaySeconds: seconds,
  /** Copies of one RSE that we declare bad by ourselves in 24 hours; what is more is suspicious only. */
  ownDailyMax: amount,
  /** Bad copies of one RSE that are replaced in a day (UTC); what is more waits. */
  recoveryDailyMax: amount,
  /** How long TEMPORARY_UNAVAILABLE may last. */
  restDaysMax: days,
  /** Until the next look at a copy whose storage could not be asked. */
  verifyRetrySeconds: seconds,
  /** What is at a storage and not in the catalogue is deleted so long after it was quarantined. */
  quarantineSeconds: seconds,
  /** How far RSEs (by name or by their attribute `site`) are from clients: by the clients' site. */
  siteDistances: Type.Record(
    text,
    Type.Record(text, Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    { expected: 'sites, each with numbers by the names of RSEs or sites' },
  ),
});

export const requests = section({
  attemptsMax: Type.Integer({ minimum: 1, maximum: 1_000 }),
  backoffSeconds: seconds,
  backoffSecondsMax: seconds,
  leaseSeconds: seconds,
  perStorageMax: amount,
  inFlightMax: amount,
});
