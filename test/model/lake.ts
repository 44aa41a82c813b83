import { addAccount, ROOT, setLocalLimit, UNLIMITED } from '../../src/accounts/index.js';
import { type Database, type Tx } from '../../src/db/index.js';
import { memoryStorage, type MemoryStorage } from '../../src/protocols/index.js';
import {
  addProtocol,
  addRse,
  findRse,
  type Rse,
  setDistance,
  setRseAttribute,
} from '../../src/rses/index.js';
import { addScope } from '../../src/scopes/index.js';
import { AccountType } from '../../src/vocabulary/index.js';
import { type LakePlan, rseName, type RsePlan } from './lake-plan.js';

export const SCOPE = 'km3net';

/** A storage element and what stands behind it. */
export interface Site {
  readonly rse: Rse;
  readonly storage: MemoryStorage;
}

export interface Lake {
  readonly sites: readonly Site[];
  /** The admin, and an account with a quota. */
  readonly accounts: readonly [number, number];
}

let lakes = 0;

/** Makes the lake of a plan in an empty catalogue, with storages of its own. */
export async function makeLake(db: Database, plan: LakePlan): Promise<Lake> {
  const prefix = `model-${process.pid}-${++lakes}`;
  return await db.tx(async (tx) => {
    const root = await addAccount(tx, { name: ROOT, type: AccountType.SERVICE, email: null });
    const other = await addAccount(tx, { name: 'analysis', type: AccountType.USER, email: null });
    await addScope(tx, SCOPE, root);
    const sites: Site[] = [];
    for (const [at, rsePlan] of plan.rses.entries()) {
      const site = await makeSite(tx, rseName(at), `${prefix}-${at}`, rsePlan);
      const bytes = plan.quota === null ? UNLIMITED : BigInt(plan.quota);
      await setLocalLimit(tx, other, { rseId: site.rse.id, bytes });
      sites.push(site);
    }
    await setDistances(tx, sites);
    return { sites, accounts: [root, other] };
  });
}

async function makeSite(tx: Tx, name: string, hostname: string, plan: RsePlan): Promise<Site> {
  const rse = await addRse(tx, name, {});
  const set = (key: string, value: string) => setRseAttribute(tx, rse, key, value);
  await set('tier', String(plan.tier));
  await set('region', plan.region);
  if (plan.greedy) await set('greedyDeletion', 'true');
  if (plan.tombstoneDelay !== null) await set('tombstone_delay', String(plan.tombstoneDelay));
  const all = { read: 1, write: 1, delete: 1 };
  await addProtocol(tx, rse, {
    scheme: 'memory',
    hostname,
    port: 0,
    prefix: '/data/',
    impl: 'memory',
    domains: { lan: all, wan: { ...all, third_party_copy_read: 1, third_party_copy_write: 1 } },
    extendedAttributes: null,
  });
  const storage = memoryStorage(hostname);
  storage.clear();
  return { rse: await findRse(tx, name), storage };
}

async function setDistances(tx: Tx, sites: readonly Site[]): Promise<void> {
  for (const { rse: source } of sites) {
    for (const { rse: destination } of sites) {
      if (source === destination) continue;
      await setDistance(tx, { source, destination, bidirectional: false }, 1);
    }
  }
}
