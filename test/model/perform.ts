import { setLocalLimit, UNLIMITED } from '../../src/accounts/index.js';
import { SluiceError } from '../../src/errors/index.js';
import { type Tx } from '../../src/db/index.js';
import { addDids, attachDids, detachDids, findDid } from '../../src/dids/index.js';
import { setMetadata } from '../../src/metadata/index.js';
import { changeRse, setRseAttribute } from '../../src/rses/index.js';
import { DidType, StorageCause } from '../../src/vocabulary/index.js';
import { SCOPE } from './lake.js';
import { type Fault, type Operation, WORKERS } from './operation.js';
import { changeSite, drain, steer, subscribe, undo } from './perform-orders.js';
import { addRule, endRule, replaceRule, turnRule } from './perform-rules.js';
import {
  damage,
  declareCopyBad,
  deleteCopy,
  finishUpload,
  register,
  restCopy,
} from './perform-copies.js';
import { type World } from './world.js';

/** Lets one thing happen. Where there is nothing that it could happen to, nothing does. */
export async function perform(world: World, operation: Operation): Promise<void> {
  try {
    await performOne(world, operation);
  } catch (error) {
    // A refusal is an answer; it must leave no trace, which the invariants see.
    if (!(error instanceof SluiceError)) throw error;
    world.refusals.push(`${operation.op}: ${error.name}`);
  }
  await world.noteProtection();
}

async function performOne(world: World, operation: Operation): Promise<void> {
  switch (operation.op) {
    case 'register': {
      const files = [];
      for (const bytes of operation.sizes) files.push(await world.makeFile(bytes));
      return await register(world, operation.rse, files, operation.uploading);
    }
    case 'register again': {
      const file = pick(world.files, operation.file);
      return file && (await register(world, operation.rse, [file], operation.uploading));
    }
    case 'finish upload':
      return await finishUpload(world, operation.upload, operation.whole);
    case 'dataset':
      return await addCollection(world, world.datasets, DidType.DATASET);
    case 'container':
      return await addCollection(world, world.containers, DidType.CONTAINER);
    case 'attach':
    case 'detach':
      return await changeContent(world, operation);
    case 'rule':
      return await addRule(world, operation);
    case 'delete rule':
      return await endRule(world, operation.rule, operation.purge);
    case 'change rule':
      return await turnRule(world, operation);
    case 'move rule':
    case 'reduce rule':
      return await replaceRule(world, operation);
    case 'expire':
      return await expire(world, operation.did);
    case 'declare bad':
      return await declareCopyBad(world, operation);
    case 'delete copy':
      return await deleteCopy(world, operation);
    case 'rest copy':
      return await restCopy(world, operation);
    case 'damage':
      return await damage(world, operation);
    case 'fault':
      return breakStorage(world, operation.rse, operation.fault);
    case 'block':
      return await block(world, operation);
    case 'quota':
      return await limitAccount(world, operation);
    case 'retier':
      return await retier(world, operation);
    case 'change site':
      return await changeSite(world, operation);
    case 'drain':
      return await drain(world, operation);
    case 'steer':
      return await steer(world, operation);
    case 'undo':
      return await undo(world, operation);
    case 'subscribe':
      return await subscribe(world, operation);
    case 'later':
      return world.skip(operation.minutes);
    case 'work':
      for (const daemon of WORKERS) await perform(world, { op: 'shift', daemon, batch: 1000 });
      return;
    case 'shift':
      await world.noteRemoval();
      await world.workers.shift(operation.daemon, operation.batch);
      return;
    case 'die':
      await world.noteRemoval();
      return await world.workers.die(operation.daemon, operation.batch, operation.transactions);
    case 'together':
      await world.whileRulesMayEnd(() =>
        Promise.all(operation.of.map((one) => perform(world, one))),
      );
      return;
  }
}

/** One of what there is, chosen by a number. */
export const pick = <T>(those: readonly T[], at: number): T | undefined => those[at % those.length];

const named = (name: string) => ({ scope: SCOPE, name });

async function addCollection(world: World, names: string[], type: 'D' | 'C'): Promise<void> {
  const name = `${type === DidType.DATASET ? 'd' : 'c'}${names.length}`;
  names.push(name);
  const [account] = world.lake.accounts;
  await world.db.tx((tx) => addDids(tx, account, [{ ...named(name), type }]));
}

/** A DID is to end now: all that it protects goes on purpose. */
async function expire(world: World, at: number): Promise<void> {
  const name = pick(world.names(), at);
  if (name === undefined) return;
  const now = world.now();
  await world.db.tx(async (tx) => {
    const did = await findDid(tx, named(name));
    await setMetadata(tx, [{ did, meta: { lifetime: 0 } }], { now });
  });
  world.expired.add(name);
}

async function changeContent(
  world: World,
  { op, parent, children }: Extract<Operation, { op: 'attach' | 'detach' }>,
): Promise<void> {
  const collections = [...world.datasets, ...world.containers];
  const name = pick(collections, parent);
  if (name === undefined) return;
  const isDataset = world.datasets.includes(name);
  const able = isDataset ? world.files.map((file) => file.name) : collections;
  const those = op === 'attach' ? able : await world.contentOf(name);
  const chosen = [...new Set(children.flatMap((at) => pick(those, at) ?? []))].map(named);
  const change = op === 'attach' ? attach : detachDids;
  await world.db.tx((tx) => change(tx, named(name), chosen));
}

const attach = (tx: Tx, parent: { scope: string; name: string }, children: (typeof parent)[]) =>
  attachDids(tx, parent, children, { ignoreDuplicate: true });

function breakStorage(world: World, at: number, fault: Fault): void {
  const storage = pick(world.lake.sites, at)?.storage;
  if (!storage) return;
  switch (fault) {
    case 'write fails':
      return storage.failNext('write', StorageCause.STORAGE_ERROR);
    case 'removal fails':
      return storage.failNext('remove', StorageCause.STORAGE_ERROR);
    case 'writes corrupt':
      storage.corruptWrites = true;
      return;
    case 'full':
      storage.capacity = 100n;
      return;
    case 'writes work':
      return mend(storage);
  }
}

/** A storage without faults. */
export function mend(storage: World['lake']['sites'][number]['storage']): void {
  storage.corruptWrites = false;
  storage.capacity = null;
}

/** The account with a quota gets another one. */
async function limitAccount(
  world: World,
  { rse, bytes }: Extract<Operation, { op: 'quota' }>,
): Promise<void> {
  const site = pick(world.lake.sites, rse);
  if (!site) return;
  const limit = { rseId: site.rse.id, bytes: bytes === null ? UNLIMITED : BigInt(bytes) };
  await world.db.tx((tx) => setLocalLimit(tx, world.lake.accounts[1], limit));
}

/** An RSE comes into some expressions and goes out of others. */
async function retier(
  world: World,
  { rse, tier }: Extract<Operation, { op: 'retier' }>,
): Promise<void> {
  const site = pick(world.lake.sites, rse);
  if (!site) return;
  await world.db.tx((tx) => setRseAttribute(tx, site.rse, 'tier', String(tier)));
}

async function block(
  world: World,
  { rse, what, available }: Extract<Operation, { op: 'block' }>,
): Promise<void> {
  const site = pick(world.lake.sites, rse);
  if (!site) return;
  await world.db.tx((tx) => changeRse(tx, site.rse, { [`availability${what}`]: available }));
}
