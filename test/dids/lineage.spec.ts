import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, rows, sql } from '../../src/db/index.js';
import { declareLineage, eraseDids, reviveDids, withdrawLineage } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { hold, someoneWaits } from '../support/sessions.js';

const NAMES = ['raw', 'calibrated', 'scratch', 'merged', 'plot'];

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
});
afterAll(() => base.close());
beforeEach(async () => {
  await a.db.tx(async (tx) => {
    await execute(tx, sql`DELETE FROM derived`);
    await execute(tx, sql`DELETE FROM dids`);
  });
  await a.files(...NAMES);
});

const named = (name: string) => ({ scope: a.scope, name });
const derive = (child: string, ...parents: string[]) =>
  a.db.tx((tx) => declareLineage(tx, [{ child: named(child), parents: parents.map(named) }]));
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
/** `plot < merged`: one text a link, of erased DIDs too. */
const links = async (): Promise<string[]> => {
  const name = (id: string) => sql`(SELECT n.name FROM (
    SELECT x.id, x.name FROM dids x UNION SELECT g.id, g.name FROM deleted_dids g) n
    WHERE n.id = ${id === 'child' ? sql`l.child_id` : sql`l.parent_id`})`;
  const found = await a.db.read((tx) =>
    rows<{ text: string }>(
      tx,
      sql`SELECT ${name('child')} || ' < ' || ${name('parent')} AS text FROM derived l ORDER BY 1`,
    ),
  );
  return found.map(({ text }) => text);
};
const erase = async (...names: string[]) => {
  const dids = await Promise.all(names.map((name) => a.did(name)));
  await a.db.tx((tx) =>
    eraseDids(
      tx,
      dids.map(({ id }) => id),
    ),
  );
};

describe('lineage', () => {
  it('is declared as often as one likes, and taken back once', async () => {
    await derive('calibrated', 'raw');
    await derive('calibrated', 'raw', 'merged');
    expect(await links()).toEqual(['calibrated < merged', 'calibrated < raw']);
    const withdraw = () =>
      a.db.tx((tx) =>
        withdrawLineage(tx, { child: named('calibrated'), parents: [named('merged')] }),
      );
    await withdraw();
    expect(await links()).toEqual(['calibrated < raw']);
    expect(await refusal(withdraw())).toBe('DataIdentifierNotFound');
  });

  it('goes in no circle, however long, and a refused request declares nothing', async () => {
    await derive('calibrated', 'raw');
    await derive('merged', 'calibrated');
    expect(await refusal(derive('raw', 'plot', 'merged'))).toBe('UnsupportedOperation');
    expect(await refusal(derive('raw', 'raw'))).toBe('UnsupportedOperation');
    expect(await refusal(derive('raw', 'nothing'))).toBe('DataIdentifierNotFound');
    expect(await links()).toEqual(['calibrated < raw', 'merged < calibrated']);
  });

  it('goes in no circle when two declare half of it at the same time', async () => {
    const first = await hold(a.db, (tx) =>
      declareLineage(tx, [{ child: named('merged'), parents: [named('raw')] }]),
    );
    const second = refusal(derive('raw', 'merged'));
    await someoneWaits(base.url);
    await first.release();
    expect(await second).toBe('UnsupportedOperation');
    expect(await links()).toEqual(['merged < raw']);
  });

  it('has no circle whatever is declared, and refuses nothing else', async () => {
    const name = fc.constantFrom(...NAMES);
    const request = fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
        await a.db.tx((tx) => execute(tx, sql`DELETE FROM derived`));
        let known: string[][] = [];
        for (const asked of requests) {
          const derivations = asked.map(([child, parent]) => ({
            child: named(child),
            parents: [named(parent)],
          }));
          const outcome = await refusal(a.db.tx((tx) => declareLineage(tx, derivations)));
          const after = [...known, ...asked];
          expect(outcome).toBe(hasCircle(after) ? 'UnsupportedOperation' : 'accepted');
          if (outcome === 'accepted') known = after;
        }
        const texts = known.map(([child, parent]) => `${child} < ${parent}`);
        expect(await links()).toEqual([...new Set(texts)].sort());
      }),
      { numRuns: 60 },
    );
  });
});

/** Takes away what nothing is derived from until nothing more goes. */
function hasCircle(edges: readonly (readonly string[])[]): boolean {
  let left = [...edges];
  for (let before = -1; before !== left.length;) {
    before = left.length;
    left = left.filter(([child]) => left.some(([, parent]) => parent === child));
  }
  return left.length > 0;
}

describe('an erased DID', () => {
  it('keeps its place while something is derived from it, and loses it with the last of that', async () => {
    await derive('scratch', 'raw');
    await derive('merged', 'scratch');
    await derive('plot', 'merged');
    await erase('scratch');
    await erase('merged');
    expect(await links()).toEqual(['merged < scratch', 'plot < merged', 'scratch < raw']);
    await erase('plot');
    expect(await links()).toEqual([]);
  });

  it('leaves nothing where child and parent go at once', async () => {
    await derive('scratch', 'raw');
    await derive('merged', 'scratch');
    await erase('merged', 'scratch', 'raw');
    expect(await links()).toEqual([]);
  });

  it('is derived again, when it comes back, from what there is', async () => {
    await derive('merged', 'raw', 'calibrated');
    await erase('merged');
    await erase('calibrated');
    expect(await links()).toEqual([]);
    await a.db.tx((tx) => reviveDids(tx, [named('merged')], new Date()));
    expect(await links()).toEqual(['merged < raw']);
  });
});
