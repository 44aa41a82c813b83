import { type Tx, violatedConstraint } from '../db/index.js';
import { holdExpiring } from '../dids/index.js';
import {
  DataIdentifierAlreadyExists,
  Duplicate,
  FileConsistencyMismatch,
  ResourceTemporaryUnavailable,
  UnsupportedOperation,
} from '../errors/index.js';
import { insertDescribedFiles, type Meta } from '../metadata/index.js';
import { type Rse } from '../rses/index.js';
import { type AccountId, type DidId, ReplicaState } from '../vocabulary/index.js';
import { guardCachedCopies } from './guarded-copy.sql.js';
import { regainLost } from './lost-files.sql.js';
import { refuseCollisions } from './path-collisions.js';
import { leaveQuarantine } from './quarantine-files.js';
import { insertRegisteredCopies, type RegisteredRow } from './replica.sql.js';
import { initialTombstone } from './tombstone.js';

/** A file that somebody says is at a storage element. */
export interface FileSpec {
  readonly scope: string;
  readonly name: string;
  readonly bytes: bigint;
  /** The unsigned checksum as two's complement, as the catalogue stores it. */
  readonly adler32?: number | null;
  /** 32 hex digits. */
  readonly md5?: string | null;
  /** 32 hex digits, with or without dashes. */
  readonly guid?: string | null;
  readonly events?: bigint | null;
  /** Further metadata, which a new DID gets and one that exists does not. */
  readonly meta?: Meta;
  /** Where the file is below the protocols' prefixes, with a leading slash: not deterministic RSEs only. */
  readonly path?: string | null;
  readonly state?: ReplicaState;
}

export interface Registration {
  readonly accountId: AccountId;
  readonly rse: Rse;
  readonly files: readonly FileSpec[];
  /** The state of files that name none; default AVAILABLE. */
  readonly state?: ReplicaState;
  /** Default: the machine's clock; copies are accessed when they are made. */
  readonly now?: Date;
}

/** What became of one file of a registration. */
export interface RegisteredFile {
  readonly didId: DidId;
  /** Whether the copy is new; false when it was known already. */
  readonly fresh: boolean;
}

/**
 * Makes the DIDs and the copies of files that are at a storage element (two
 * statements, one transaction; saying it again changes nothing). Gives one entry a file, in the
 * order given. A name that the undertaker is erasing at this moment becomes a new DID. The caller has
 * checked names, scopes and paths.
 *
 * Throws FileConsistencyMismatch (size or checksum differs from the catalogue, or from the same file
 * given twice), DataIdentifierAlreadyExists (the name is a collection's), ScopeNotFound, what setting
 * metadata throws, UnsupportedOperation (volatile RSE, or no path where one is needed), InvalidPath
 * (two names would be one file of the storage), Duplicate (the path is another file's),
 * ResourceTemporaryUnavailable (a copy, or a quarantined file, there is being deleted at this moment).
 */
export async function registerFiles(tx: Tx, registration: Registration): Promise<RegisteredFile[]> {
  const { accountId, rse } = registration;
  if (rse.volatile) {
    throw new UnsupportedOperation(`Cannot add replicas on the volatile RSE ${rse.name}`);
  }
  const files = distinctFiles(registration.files);
  if (files.size === 0) return [];
  const asked = [...files.values()];
  if (!rse.deterministic) demandPaths(asked, rse);
  await refuseCollisions(tx, rse, asked);
  await leaveQuarantine(tx, rse, asked, registration.now ?? new Date());
  const lasting = await holdExpiring(tx, asked);
  // Said again: an INSERT would look every name up once more and draw an id for it.
  if (lasting < asked.length || asked.some(({ meta }) => meta)) {
    await insertDescribedFiles(tx, accountId, asked.map(described), registration.now ?? new Date());
  }
  const found = await insertCopies(tx, registration, asked);
  if (found.length < asked.length) {
    throw new ResourceTemporaryUnavailable('A file was erased while it was being registered');
  }
  const byName = new Map<string, RegisteredFile>();
  for (const row of found) {
    const file = asked[Number(row.at) - 1];
    if (!file) continue;
    refuseClash(row, file, rse);
    byName.set(nameOf(file), { didId: row.didId, fresh: row.fresh });
  }
  await tendLost(tx, registration, asked, found);
  return registration.files.map((file) => byName.get(nameOf(file)) as RegisteredFile);
}

const described = ({ scope, name, bytes, adler32, md5, guid, events, meta }: FileSpec) => ({
  scope,
  name,
  bytes,
  adler32: adler32 ?? null,
  md5: md5 ?? null,
  guid: guid ?? null,
  events: events ?? null,
  ...(meta && { meta }),
});

const nameOf = ({ scope, name }: FileSpec): string => `${scope}:${name}`;

/** The files once each. A repetition must say the same. */
function distinctFiles(files: readonly FileSpec[]): Map<string, FileSpec> {
  const distinct = new Map<string, FileSpec>();
  for (const file of files) {
    const earlier = distinct.get(nameOf(file));
    if (!earlier) {
      distinct.set(nameOf(file), file);
      continue;
    }
    const same = (['bytes', 'adler32', 'md5', 'path', 'state'] as const).every(
      (key) => (earlier[key] ?? null) === (file[key] ?? null),
    );
    if (!same) {
      throw new FileConsistencyMismatch(
        `${nameOf(file)} is given twice in one request, and not with the same values`,
        { scope: file.scope, name: file.name },
      );
    }
  }
  return distinct;
}

function demandPaths(files: readonly FileSpec[], rse: Rse): void {
  const without = files.find(({ path }) => !path);
  if (!without) return;
  throw new UnsupportedOperation(
    `PFN needed for this (non deterministic) RSE ${rse.name}: ${nameOf(without)} has none`,
    { scope: without.scope, name: without.name },
  );
}

async function insertCopies(
  tx: Tx,
  { rse, state = ReplicaState.AVAILABLE, now = new Date() }: Registration,
  files: readonly FileSpec[],
): Promise<RegisteredRow[]> {
  const tombstone = initialTombstone(rse.attributes['tombstone_delay'], now);
  try {
    return await insertRegisteredCopies(
      tx,
      { rseId: rse.id, tombstone, now },
      files.map((file) => ({
        scope: file.scope,
        name: file.name,
        bytes: file.bytes,
        adler32: file.adler32 ?? null,
        md5: file.md5 ?? null,
        state: file.state ?? state,
        path: rse.deterministic ? null : (file.path ?? null),
      })),
    );
  } catch (error) {
    if (violatedConstraint(error) === 'replica_paths_rse_id_path_key') {
      throw new Duplicate(`A path of these files at ${rse.name} belongs to another file already`);
    }
    throw error;
  }
}

/**
 * A file that was lost has a good copy again. Where the RSE is a cache this may be the only one: it is
 * guarded as those are that were there when the others went bad.
 */
async function tendLost(
  tx: Tx,
  { rse, state = ReplicaState.AVAILABLE, now = new Date() }: Registration,
  asked: readonly FileSpec[],
  found: readonly RegisteredRow[],
): Promise<void> {
  const fresh = found.filter((row) => row.fresh);
  if (initialTombstone(rse.attributes['tombstone_delay'], now) !== null) {
    await guardCachedCopies(
      tx,
      rse.id,
      fresh.map(({ didId }) => didId),
    );
  }
  const stateOf = (row: RegisteredRow) => asked[Number(row.at) - 1]?.state ?? state;
  const good = fresh.filter((row) => row.lost && stateOf(row) === ReplicaState.AVAILABLE);
  await regainLost(
    tx,
    good.map(({ didId }) => didId),
    now,
  );
}

function refuseClash(row: RegisteredRow, file: FileSpec, rse: Rse): void {
  if (row.clash === 'type') {
    throw new DataIdentifierAlreadyExists(
      `Data Identifier ${nameOf(file)} already exists and is not a file`,
      { scope: file.scope, name: file.name },
    );
  }
  if (row.clash !== null) {
    throw new FileConsistencyMismatch(
      `${nameOf(file)} is in the catalogue already with another value of ${row.clash}`,
      { scope: file.scope, name: file.name, field: row.clash },
    );
  }
  if (!row.fresh && row.prior === ReplicaState.BEING_DELETED) {
    throw new ResourceTemporaryUnavailable(
      `The copy of ${nameOf(file)} at ${rse.name} is being deleted; try again later`,
      { scope: file.scope, name: file.name, rse: rse.name },
    );
  }
}
