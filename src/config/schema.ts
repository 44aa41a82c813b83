import { Type, type Static, type TBoolean, type TSchema } from 'typebox';
import {
  type DaemonName,
  DaemonNames,
  NamingSchemes,
  POLICY_SWITCHES,
  type PolicySwitch,
} from '../vocabulary/index.js';

/**
 * The shape of the whole configuration. Section names are the rooms of `src/`; a time or a limit
 * carries its unit in its name; every required key has its default in `config/default.yaml`.
 *
 * To add a key: one line here, one line with the default there.
 */

const seconds = Type.Integer({ minimum: 0, maximum: 3_155_760_000 });
const milliseconds = Type.Integer({ minimum: 0, maximum: 86_400_000 });
const days = Type.Integer({ minimum: 1, maximum: 36_500 });
const amount = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
const bytes = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const text = Type.String({ minLength: 1 });
/** A secret is never printed. `<name>File` beside it names a file that holds it instead. */
const secret = Type.String({ minLength: 1, secret: true });

function section<P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}

const daemonTuning = Type.Optional(
  section({
    periodSeconds: Type.Optional(Type.Number({ minimum: 0.05, maximum: 86_400 })),
    batch: Type.Optional(amount),
  }),
);

const server = section({
  /** What this process serves: `all`, `api`, a group such as `judge`, or a daemon's name. */
  roles: Type.Array(text, { minItems: 1 }),
  host: text,
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
  /** How clients reach us; tokens name it as their issuer. Default: scheme, host and port. */
  publicUrl: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#\\s]+(/[^?#\\s]*[^/?#\\s])?$',
      expected: 'an http(s) URL without a slash at its end',
    }),
  ),
  tls: Type.Optional(section({ certFile: text, keyFile: text })),
  /** A renewed certificate is in use after this time. */
  certificateCheckSeconds: Type.Number({ minimum: 0.05, maximum: 86_400 }),
  bodyLimitBytes: bytes,
  /** Items one request may carry (files of a dataset, DIDs of a list). */
  itemsMax: amount,
});

const database = section({
  /** Absent: the embedded PostgreSQL of the state directory. */
  url: Type.Optional(
    Type.String({ pattern: '^postgres(ql)?://', secret: true, expected: 'a postgres:// URL' }),
  ),
  urlFile: Type.Optional(text),
  poolSize: Type.Integer({ minimum: 1, maximum: 1_000 }),
  connectTimeoutMs: milliseconds,
  statementTimeoutMs: milliseconds,
  lockTimeoutMs: milliseconds,
  idleTransactionTimeoutMs: milliseconds,
  embedded: section({
    sharedBuffersBytes: Type.Integer({ minimum: 1_048_576, maximum: Number.MAX_SAFE_INTEGER }),
    walSizeMaxBytes: Type.Integer({ minimum: 67_108_864, maximum: Number.MAX_SAFE_INTEGER }),
    connectionsMax: Type.Integer({ minimum: 10, maximum: 10_000 }),
  }),
});

const tokens = section({
  lifetimeSeconds: seconds,
  /** Tokens that open one file at a storage for reading or deleting. */
  storageLifetimeSeconds: seconds,
  /** URLs in listings live as long as the download of a whole listing may take. */
  listingLifetimeSeconds: seconds,
  /** A URL for writing lives as long as the upload may take. */
  uploadLifetimeSeconds: seconds,
  /** A new signing key is published this long before its first use. */
  keyPublishSeconds: seconds,
  keyRotationDays: days,
  /** Encrypts the signing keys in the database; all processes share it. Default: in the state directory. */
  keyFile: Type.Optional(text),
});

/** Directories, none of which is the whole machine. */
const directories = Type.Array(Type.String({ pattern: '^/+[^/]' }), {
  expected: 'a list of absolute paths, none of them /',
});

/** How the command line reaches a running Sluice. */
const client = section({
  /** Default: `rucio_host` of the official client's settings, else `server.publicUrl`. */
  url: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#\\s]+(/[^?#\\s]*[^/?#\\s])?/?$',
      expected: 'an http(s) URL',
    }),
  ),
  account: Type.Optional(text),
  username: Type.Optional(text),
  password: Type.Optional(secret),
  passwordFile: Type.Optional(text),
  /** Instead of user name and password: a token that was given at a login. */
  token: Type.Optional(secret),
  tokenFile: Type.Optional(text),
  /** The certificate authority of an https URL (PEM), where the system does not know it. */
  caFile: Type.Optional(text),
});

const storage = section({
  /** Lets storages live on loopback and link-local addresses. The demo sets it. */
  allowPrivate: Type.Boolean(),
  /** Mounted file systems (scheme file) are used below these directories only. */
  posixRoots: directories,
  /** By the name of an RSE: what its URLs are signed with where its protocol says s3, gcs or swift. */
  keys: Type.Optional(
    Type.Record(
      text,
      Type.Object(
        { accessKey: Type.Optional(text), secretKey: text },
        { additionalProperties: false },
      ),
      { secret: true, expected: 'RSE names, each with a secretKey and perhaps an accessKey' },
    ),
  ),
  keysFile: Type.Optional(text),
  connectTimeoutMs: milliseconds,
  /** A movement may take base + bytes / floor rate. */
  timeoutBaseMs: milliseconds,
  floorBytesPerSecond: bytes,
  requestsPerHostMax: amount,
});

const daemons = section({
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
const policy = section(
  Object.fromEntries(POLICY_SWITCHES.map((name) => [name, Type.Boolean()])) as Record<
    PolicySwitch,
    TBoolean
  >,
);

/** The place of a sink in the outbox is kept under this name. */
const sinkName = Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' });

/** Events over HTTP: all of them, or those of some types. */
const httpSink = section({
  name: sinkName,
  url: Type.String({ pattern: '^https?://[^\\s]+$' }),
  /** `rucio`: a list of event_type, payload, created_at and id; `cloudevents`: CloudEvents 1.0 in batches. */
  format: Type.Optional(Type.Enum(['rucio', 'cloudevents'])),
  /** Default: all that are told. */
  events: Type.Optional(Type.Array(text, { minItems: 1 })),
  /** A file that holds a bearer token; read for every delivery. */
  tokenFile: Type.Optional(text),
  /** Events a request. */
  batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
  timeoutMs: Type.Optional(milliseconds),
});

/** Letters over SMTP: the events of type `email`. */
const smtpSink = section({
  name: sinkName,
  smtp: section({
    host: text,
    /** Default: 465 where TLS is implicit, else 587. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    /** Default: starttls, and no letter without it. */
    tls: Type.Optional(Type.Enum(['starttls', 'implicit', 'none'])),
    /** The sender: a plain address. */
    from: Type.String({ pattern: '^[^\\s@<>"(),;:]+@[^\\s@<>"(),;:]+$' }),
    user: Type.Optional(text),
    /** A file that holds the user's password; read for every letter. */
    passwordFile: Type.Optional(text),
    /** The authority of the server's certificate (PEM), where the system does not know it. */
    caFile: Type.Optional(text),
  }),
  timeoutMs: Type.Optional(milliseconds),
});

/** Where events go: each is told its own in their order. */
const sinks = Type.Array(Type.Union([httpSink, smtpSink]), {
  expected:
    'a list of sinks, each with a name and either an http(s) url (and as it likes format (rucio, cloudevents), events, tokenFile, batch, timeoutMs) or smtp with host and from (and as it likes port, tls (starttls, implicit, none), user, passwordFile, caFile, timeoutMs)',
});

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
  rules: section({
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
  }),
  jobs: section({
    /** Until the next look at what a job waits for: locks on the move, rules that are being placed. */
    pollSeconds: amount,
    /** Files, copies or locks a slice, each a transaction. */
    sliceItems: amount,
    /** DIDs that get rules of their own in one slice. */
    sliceRules: amount,
  }),
  subscriptions: section({
    /** Until a DID that could not be served is tried again; doubled by each attempt. */
    retrySeconds: amount,
    retrySecondsMax: amount,
    /** A DID that could not be served for so long waits no more; its entry stays to be seen. */
    giveUpSeconds: seconds,
    /** Subscriptions of one account that may be in use: each is asked about every new DID. */
    accountMax: amount,
    /** DIDs that a backfill serves a minute unless it says otherwise. */
    backfillPerMinute: Type.Integer({ minimum: 1, maximum: 100_000 }),
  }),
  replicas: section({
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
  }),
  dids: section({
    /** How new DIDs may be named: docs/naming.md. */
    naming: Type.Enum([...NamingSchemes]),
  }),
  metadata: section({ queryTimeoutMs: milliseconds }),
  messages: section({ sinks }),
  requests: section({
    attemptsMax: Type.Integer({ minimum: 1, maximum: 1_000 }),
    backoffSeconds: seconds,
    backoffSecondsMax: seconds,
    leaseSeconds: seconds,
    perStorageMax: amount,
    inFlightMax: amount,
  }),
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
