import { Type } from 'typebox';
import { amount, bytes, days, milliseconds, seconds, secret, section, text } from './units.js';

// What a process needs to serve, and who reaches it.

export const server = section({
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

export const database = section({
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

export const tokens = section({
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
export const client = section({
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

export const storage = section({
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
