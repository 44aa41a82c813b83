import { resolveDids } from '../../src/dids/index.js';
import { retryAtOnce } from '../../src/locks/index.js';
import {
  assertAvailable,
  assertUnavailable,
  condemnByName,
  copiesOf,
  declareBad,
  namedCopies,
  registerFiles,
} from '../../src/replicas/index.js';
import { confirmCopies, reopenCopies, stickCopies } from '../../src/rules/index.js';
import { Cause, ReplicaState } from '../../src/vocabulary/index.js';
import { SCOPE, type Site } from './lake.js';
import { type Operation } from './operation.js';
import { pick } from './perform.js';
import { isWhole, type ModelFile, pathAt, type Upload, type World } from './world.js';

/**
 * Registers files at one RSE; their bytes stand there, or are still to come. A copy that is known
 * already is not put there again: whether it is whole is then its own matter.
 */
export async function register(
  world: World,
  at: number,
  files: readonly ModelFile[],
  uploading: boolean,
): Promise<void> {
  const site = pick(world.lake.sites, at);
  if (!site) return;
  const state = uploading ? ReplicaState.COPYING : ReplicaState.AVAILABLE;
  const known = await siteCopies(world, files, site);
  const fresh = files.filter((file) => !known.has(file.name));
  // Whoever registers a file has written it. A dark copy of a failed transfer is in nobody's way.
  if (!uploading) for (const file of fresh) world.put(site, file);
  const now = world.now();
  const registered = await world.db.tx((tx) =>
    registerFiles(tx, {
      accountId: world.lake.accounts[0],
      rse: site.rse,
      state,
      now,
      files: files.map(({ name, content, adler32 }) => ({
        scope: SCOPE,
        name,
        bytes: BigInt(content.length),
        adler32,
      })),
    }),
  );
  for (const [i, file] of files.entries()) {
    const entry = registered[i];
    if (!entry?.fresh) continue;
    const upload = { file, site, didId: entry.didId };
    // Cached from the beginning, and nobody has asked for more.
    const cached = site.rse.attributes['tombstone_delay'] !== undefined;
    if (cached && !world.seen.has(file.name)) world.expendable.add(entry.didId);
    world.seen.add(file.name);
    if (uploading) world.uploads.push(upload);
    else await arrive(world, upload);
  }
}

/** A whole copy is there: a file with one that nothing is to end may not go any more. */
async function arrive(world: World, { file, site, didId }: Upload): Promise<void> {
  world.arrived.add(file.name);
  const copies = await world.db.read((tx) => copiesOf(tx, [didId]));
  const copy = copies.find(({ rseId }) => rseId === site.rse.id);
  if (copy?.tombstone === null) world.expendable.delete(didId);
}

async function siteCopies(
  world: World,
  files: readonly ModelFile[],
  site: Site,
): Promise<Set<string>> {
  return await world.db.read(async (tx) => {
    const dids = await resolveDids(
      tx,
      files.map(({ name }) => ({ scope: SCOPE, name })),
    );
    const copies = await copiesOf(
      tx,
      dids.map(({ id }) => id),
    );
    const there = copies.filter(({ rseId }) => rseId === site.rse.id).map(({ didId }) => didId);
    return new Set(dids.filter(({ id }) => there.includes(id)).map(({ name }) => name));
  });
}

/** A client says how its upload ended, as PUT /replicas does. */
export async function finishUpload(world: World, at: number, whole: boolean): Promise<void> {
  const upload = pick(world.uploads, at);
  if (!upload) return;
  const { site, file } = upload;
  world.uploads.splice(world.uploads.indexOf(upload), 1);
  if (whole) world.put(site, file);
  const now = world.now();
  await world.db.tx(async (tx) => {
    const copies = await namedCopies(tx, site.rse, [{ scope: SCOPE, name: file.name }]);
    if (whole) {
      await assertAvailable(tx, copies, { verified: new Set(), now });
      await confirmCopies(tx, copies, now);
      return;
    }
    const changed = await assertUnavailable(tx, copies, ReplicaState.UNAVAILABLE);
    await reopenCopies(tx, changed, now);
    const failures = changed.map((copy) => ({ ...copy, cause: Cause.DEST_MISSING }));
    await stickCopies(tx, failures, retryAtOnce(now));
  });
  if (whole) await arrive(world, upload);
}

/** The copies of a file that are in one of these states. */
async function copiesIn(world: World, file: ModelFile, states: readonly ReplicaState[]) {
  return await world.db.read(async (tx) => {
    const [did] = await resolveDids(tx, [{ scope: SCOPE, name: file.name }]);
    const copies = did ? await copiesOf(tx, [did.id]) : [];
    return copies
      .filter(({ state }) => states.includes(state))
      .flatMap((copy) => {
        const site = world.lake.sites.find(({ rse }) => rse.id === copy.rseId);
        return site ? [{ copy, site }] : [];
      });
  });
}

const goodCopies = (world: World, file: ModelFile) =>
  copiesIn(world, file, [ReplicaState.AVAILABLE]);

/** An admin deletes one copy by name; the last one on purpose, and only then the file may go. */
export async function deleteCopy(
  world: World,
  { file: at, copy, hide }: Extract<Operation, { op: 'delete copy' }>,
): Promise<void> {
  const file = pick(world.files, at);
  if (!file) return;
  const found = await goodCopies(world, file);
  const chosen = pick(found, copy);
  if (!chosen) return;
  await world.db.tx(async (tx) => {
    const copies = await namedCopies(tx, chosen.site.rse, [{ scope: SCOPE, name: file.name }]);
    await condemnByName(tx, copies, { hide });
  });
  world.deleted.add(file.name);
  if (found.length === 1) world.expendable.add(chosen.copy.didId);
}

/** A copy cannot be read for a while, or can again. */
export async function restCopy(
  world: World,
  { file: at, copy, back }: Extract<Operation, { op: 'rest copy' }>,
): Promise<void> {
  const file = pick(world.files, at);
  if (!file) return;
  const { AVAILABLE, TEMPORARY_UNAVAILABLE } = ReplicaState;
  const found = await copiesIn(world, file, [back ? TEMPORARY_UNAVAILABLE : AVAILABLE]);
  const chosen = pick(found, copy);
  if (!chosen) return;
  const now = world.now();
  await world.db.tx(async (tx) => {
    const copies = await namedCopies(tx, chosen.site.rse, [{ scope: SCOPE, name: file.name }]);
    if (!back) {
      await assertUnavailable(tx, copies, TEMPORARY_UNAVAILABLE);
      return;
    }
    await assertAvailable(tx, copies, { verified: new Set(), now });
    await confirmCopies(tx, copies, now);
  });
}

/** An admin declares one copy bad, as POST /replicas/bad does. Of a damaged file only a damaged one. */
export async function declareCopyBad(
  world: World,
  { file: at, copy }: Extract<Operation, { op: 'declare bad' }>,
): Promise<void> {
  const file = pick(world.files, at);
  if (!file) return;
  const found = (await goodCopies(world, file)).filter(
    ({ site }) => !file.damaged || !isWhole(site, file),
  );
  const chosen = pick(found, copy);
  if (!chosen) return;
  if (!file.damaged) file.doubted = true;
  const now = world.now();
  const badness = { reason: 'somebody says so', accountId: world.lake.accounts[0], now };
  await world.db.tx(async (tx) => {
    const { bad } = await declareBad(tx, [chosen.copy], badness);
    await reopenCopies(tx, bad, now);
  });
}

/** The bytes of a copy change, or go; never the last whole ones. */
export async function damage(
  world: World,
  { file: at, copy, removed }: Extract<Operation, { op: 'damage' }>,
): Promise<void> {
  const file = pick(world.files, at);
  if (!file || file.doubted || file.content.length === 0) return;
  const whole = (await goodCopies(world, file)).filter(({ site }) => isWhole(site, file));
  const chosen = whole.length < 2 ? undefined : pick(whole, copy);
  if (!chosen) return;
  file.damaged = true;
  const path = pathAt(chosen.site, file);
  if (removed) chosen.site.storage.files.delete(path);
  else chosen.site.storage.put(path, Buffer.from(file.content).fill('x', 0, 1));
}
