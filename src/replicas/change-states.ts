import { ring, rows, sql, type Tx } from '../db/index.js';
import { ReplicaIsLocked, ReplicaNotFound, UnsupportedOperation } from '../errors/index.js';
import { type Rse } from '../rses/index.js';
import {
  BadFileState,
  Channel,
  type CopyKey,
  type DidId,
  type DidName,
  ReplicaState,
} from '../vocabulary/index.js';
import { settleDeclarations } from './bad-replica.sql.js';
import { dropGuardsOf } from './guarded-copy.sql.js';
import { regainLost } from './lost-files.sql.js';
import { type Copy, lockCopies, moveState, setAvailable, setTombstones } from './replica.sql.js';
import { EPOCH } from './tombstone.js';

const { AVAILABLE, BAD, BEING_DELETED, COPYING, TEMPORARY_UNAVAILABLE, UNAVAILABLE } = ReplicaState;

/** A copy that was named, and how it stands before it is changed. Its row is locked. */
export interface NamedCopy extends Copy {
  readonly scope: string;
  readonly name: string;
}

/**
 * The copies of these names at an RSE, locked in key order until the transaction ends, in no
 * particular order. Throws ReplicaNotFound for the first that is not there.
 */
export const namedCopies = (tx: Tx, rse: Rse, names: readonly DidName[]): Promise<NamedCopy[]> =>
  namedCopiesAt(
    tx,
    names.map((file) => ({ ...file, rse })),
  );

/** The same for copies anywhere. */
export async function namedCopiesAt(
  tx: Tx,
  names: readonly (DidName & { readonly rse: Rse })[],
): Promise<NamedCopy[]> {
  const ids = await rows<{ id: DidId } & DidName>(
    tx,
    sql`SELECT DISTINCT d.id, d.scope, d.name
        FROM unnest(${names.map(({ scope }) => scope)}::text[],
                    ${names.map(({ name }) => name)}::text[]) AS i(scope, name)
        JOIN dids d ON d.scope = i.scope AND d.name = i.name`,
  );
  const byId = new Map(ids.map((did) => [did.id, did]));
  const byName = new Map(ids.map((did) => [`${did.scope}:${did.name}`, did.id]));
  const keyOf = ({ scope, name, rse }: (typeof names)[number]): CopyKey | undefined => {
    const didId = byName.get(`${scope}:${name}`);
    return didId === undefined ? undefined : { didId, rseId: rse.id };
  };
  const copies = await lockCopies(
    tx,
    names.flatMap((each) => keyOf(each) ?? []),
  );
  const known = new Set(copies.map(({ didId, rseId }) => `${didId}@${rseId}`));
  const missing = names.find((each) => {
    const key = keyOf(each);
    return !key || !known.has(`${key.didId}@${key.rseId}`);
  });
  if (missing) {
    const { scope, name, rse } = missing;
    throw new ReplicaNotFound(`No replica of ${scope}:${name} at ${rse.name}`, {
      scope,
      name,
      rse: rse.name,
    });
  }
  return copies.flatMap((copy) => {
    const did = byId.get(copy.didId);
    return did ? [{ ...copy, scope: did.scope, name: did.name }] : [];
  });
}

/** A copy as its upload should look at the storage. */
export interface UploadFacts extends DidName {
  readonly didId: DidId;
  readonly bytes: bigint;
  readonly adler32: number | null;
  /** Only where the RSE is not deterministic. */
  readonly path: string | null;
}

/** What the copies of these names at an RSE should look like; those that are not known are left out. */
export async function uploadFacts(
  tx: Tx,
  rse: Rse,
  names: readonly DidName[],
): Promise<UploadFacts[]> {
  return await rows<UploadFacts>(
    tx,
    sql`SELECT d.id AS "didId", d.scope, d.name, r.bytes, d.adler32, p.path
        FROM unnest(${names.map(({ scope }) => scope)}::text[],
                    ${names.map(({ name }) => name)}::text[]) AS i(scope, name)
        JOIN dids d ON d.scope = i.scope AND d.name = i.name
        JOIN replicas r ON r.did_id = d.id AND r.rse_id = ${rse.id}
        LEFT JOIN replica_paths p ON p.did_id = d.id AND p.rse_id = ${rse.id}`,
  );
}

/**
 * A client says that these copies are whole and in place. `verified` are those whose size and
 * checksum we have just seen ourselves; the others are its assertion. What was declared bad is
 * recovered. Confirming the locks is the caller's next statement (rules.confirmCopies).
 * Throws UnsupportedOperation for a copy that is being deleted.
 */
export async function assertAvailable(
  tx: Tx,
  copies: readonly NamedCopy[],
  seen: { readonly verified: ReadonlySet<DidId>; readonly now: Date },
): Promise<void> {
  refuseDeleted(copies);
  await makeGood(tx, copies, seen);
}

/** AVAILABLE, with nothing said against them any more; their files are not lost. */
async function makeGood(
  tx: Tx,
  copies: readonly Copy[],
  seen: { readonly verified: ReadonlySet<DidId>; readonly now: Date },
): Promise<void> {
  await setAvailable(tx, copies, seen);
  const recovered = copies.filter(({ state }) => state === BAD);
  await dropGuardsOf(tx, recovered);
  await settleDeclarations(tx, copies, BadFileState.RECOVERED);
  await regainLost(
    tx,
    copies.map(({ didId }) => didId),
    seen.now,
  );
}

/**
 * A client says that these copies cannot be read: UNAVAILABLE for good, TEMPORARY_UNAVAILABLE for a
 * while. Gives those that changed. Throws UnsupportedOperation for a copy that is being deleted.
 */
export async function assertUnavailable(
  tx: Tx,
  copies: readonly NamedCopy[],
  state: typeof UNAVAILABLE | typeof TEMPORARY_UNAVAILABLE,
): Promise<CopyKey[]> {
  refuseDeleted(copies);
  const from = state === UNAVAILABLE ? [AVAILABLE, COPYING, TEMPORARY_UNAVAILABLE] : [AVAILABLE];
  return await moveState(tx, copies, { from, to: state });
}

/**
 * Somebody says that these copies can be read after all: of those BAD, UNAVAILABLE or resting. What is
 * being written or deleted stays as it is. Gives those that are AVAILABLE now; confirming their locks
 * is the caller's next statement.
 */
export async function assertReadable(
  tx: Tx,
  copies: readonly CopyKey[],
  now: Date,
): Promise<CopyKey[]> {
  const readable = (await lockCopies(tx, copies)).filter(
    ({ state }) => state !== COPYING && state !== BEING_DELETED,
  );
  if (readable.length > 0) await makeGood(tx, readable, { verified: new Set(), now });
  return readable;
}

/**
 * Copies that are to be deleted, on purpose: even the last ones. Hidden at once where `hide` is set
 * (deletion by name), due at once in any case. Throws ReplicaIsLocked for a copy that a rule holds.
 */
export async function condemnByName(
  tx: Tx,
  copies: readonly NamedCopy[],
  { hide }: { readonly hide: boolean },
): Promise<void> {
  const locked = copies.find(({ lockCnt }) => lockCnt > 0);
  if (locked) {
    throw new ReplicaIsLocked(`Replica ${locked.scope}:${locked.name} is locked by a rule`, {
      scope: locked.scope,
      name: locked.name,
    });
  }
  if (hide) {
    await moveState(tx, copies, {
      from: [AVAILABLE, COPYING, TEMPORARY_UNAVAILABLE],
      to: UNAVAILABLE,
    });
  }
  await setTombstones(tx, copies, EPOCH);
  await dropGuardsOf(tx, copies);
  await ring(tx, Channel.DELETION);
}

function refuseDeleted(copies: readonly NamedCopy[]): void {
  const gone = copies.find(({ state }) => state === BEING_DELETED);
  if (!gone) return;
  throw new UnsupportedOperation(
    `The replica of ${gone.scope}:${gone.name} is being deleted; register it anew afterwards`,
    { scope: gone.scope, name: gone.name },
  );
}
