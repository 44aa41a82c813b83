import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, rows, sql } from '../../src/db/index.js';
import {
  attachMany,
  depthOf,
  depthsOf,
  detachDids,
  eraseDids,
  findDid,
  foldCollections,
  reviveDids,
  setOpen,
  sizesOf,
} from '../../src/dids/index.js';
import { SluiceError } from '../../src/errors/index.js';
import { DidType } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { orphans } from '../support/orphans.js';

const FILES = ['f1', 'f2', 'f3', 'f4'];
const DATASETS = ['d1', 'd2', 'd3'];
const CONTAINERS = ['c1', 'c2'];
const NOW = new Date('2026-11-21T12:00:00Z');

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
});
afterAll(() => base.close());
beforeEach(clear);

async function clear(): Promise<void> {
  const tables = [
    'contents',
    'contents_history',
    'collections',
    'collection_deltas',
    'deleted_dids',
  ];
  await a.db.tx(async (tx) => {
    for (const table of tables) await tx.query(`DELETE FROM ${table}`, []);
    await execute(tx, sql`DELETE FROM updated_dids`);
    await execute(tx, sql`DELETE FROM dids`);
  });
  const files = [...FILES.entries()].map(([at, name]) => ({ name, bytes: BigInt(10 ** at) }));
  await a.files(...FILES);
  await a.db.tx(async (tx) => {
    for (const { name, bytes } of files) {
      await execute(tx, sql`UPDATE dids SET bytes = ${bytes} WHERE name = ${name}`);
    }
  });
  for (const name of DATASETS) await a.dataset(name);
  for (const name of CONTAINERS) await a.container(name);
}

const named = (...names: string[]) => names.map((name) => ({ scope: a.scope, name }));

type Step =
  | { readonly verb: 'attach'; readonly parent: string; readonly children: string[] }
  | { readonly verb: 'detach'; readonly parent: string; readonly children: string[] }
  | { readonly verb: 'close' | 'open' | 'erase' | 'revive'; readonly name: string }
  | { readonly verb: 'fold'; readonly limit: number };

const any = fc.constantFrom(...FILES, ...DATASETS, ...CONTAINERS);
const collection = fc.constantFrom(...DATASETS, ...CONTAINERS);
const fits = (parent: string) =>
  fc.uniqueArray(fc.constantFrom(...(parent.startsWith('d') ? FILES : [...DATASETS, 'c2'])), {
    minLength: 1,
    maxLength: 3,
  });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: collection.chain((parent) =>
      fc.record({
        verb: fc.constantFrom('attach' as const, 'attach' as const, 'detach' as const),
        parent: fc.constant(parent),
        children: fits(parent),
      }),
    ),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom('erase', 'revive'), name: any }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constantFrom('close', 'open'), name: collection }) },
  {
    weight: 2,
    arbitrary: fc.record({ verb: fc.constant('fold'), limit: fc.constantFrom(1, 3, 100) }),
  },
);

/** Does it, or is refused, which changes nothing. */
async function perform(it: Step): Promise<void> {
  const { db } = a;
  try {
    await db.tx(async (tx) => {
      if (it.verb === 'fold') return void (await foldCollections(tx, it.limit));
      if (it.verb === 'attach') {
        const some = {
          parent: { scope: a.scope, name: it.parent },
          children: named(...it.children),
        };
        return await attachMany(tx, [some, { ...some, children: [] }], { ignoreDuplicate: true });
      }
      if (it.verb === 'detach') {
        return await detachDids(tx, { scope: a.scope, name: it.parent }, named(...it.children));
      }
      const [name] = named(it.name) as [{ scope: string; name: string }];
      if (it.verb === 'revive') return void (await reviveDids(tx, [name], NOW));
      if (it.verb === 'erase') return void (await eraseDids(tx, [(await findDid(tx, name)).id]));
      await setOpen(tx, name, it.verb === 'open', NOW);
    });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
  }
}

/** Every collection's files and bytes, counted one by one in what is in what. */
async function counted(): Promise<Map<string, string>> {
  const edges = await a.db.read((tx) =>
    rows<{ parent: string; child: string; bytes: bigint | null }>(
      tx,
      sql`SELECT p.name AS parent, c.name AS child, c.bytes FROM contents ct
          JOIN dids p ON p.id = ct.parent_id JOIN dids c ON c.id = ct.child_id`,
    ),
  );
  const datasetsAt = (name: string): Set<string> =>
    name.startsWith('d')
      ? new Set([name])
      : new Set(
          edges.filter((it) => it.parent === name).flatMap((it) => [...datasetsAt(it.child)]),
        );
  const of = (name: string) => {
    const files = [...datasetsAt(name)].flatMap((it) =>
      edges.filter(({ parent }) => parent === it),
    );
    return `${files.length} ${files.reduce((sum, { bytes }) => sum + (bytes ?? 0n), 0n)}`;
  };
  const there = await a.db.read((tx) =>
    rows<{ name: string }>(tx, sql`SELECT name FROM dids WHERE type <> ${DidType.FILE}::"char"`),
  );
  return new Map(there.map(({ name }) => [name, of(name)]));
}

it('length and bytes are right whatever happens to what is in what', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      await clear();
      for (const it of steps) {
        await perform(it);
        await demandSizes();
      }
      expect(await orphans(a.db)).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

async function demandSizes(): Promise<void> {
  const wanted = await counted();
  const dids = await Promise.all([...wanted.keys()].map((name) => a.did(name)));
  const show = (size?: { length: bigint; bytes: bigint }) =>
    `${size?.length ?? 0n} ${size?.bytes ?? 0n}`;
  const ids = dids.map(({ id }) => id);
  const [stored, below] = await a.db.read(async (tx) => [
    await sizesOf(tx, ids),
    await depthsOf(tx, ids),
  ]);
  for (const { id, name, type } of dids) {
    const said = [show(below.get(id)), show(await a.db.read((tx) => depthOf(tx, id)))];
    if (type === DidType.DATASET) said.push(show(stored.get(id)));
    expect([name, ...new Set(said)]).toEqual([name, wanted.get(name)]);
  }
}
