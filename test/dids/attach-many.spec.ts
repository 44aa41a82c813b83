import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rows, sql, type Tx } from '../../src/db/index.js';
import { attachDids, type Attachment, attachMany, setOpen } from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { undone } from '../support/undone.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
  for (const name of ['d1', 'd2', 'shut']) await a.dataset(name);
  for (const name of ['c1', 'c2', 'c3']) await a.container(name);
  await a.files('f1', 'f2', 'box.tar');
  await a.attach('c1', 'c2');
  await a.attach('d1', 'f1');
  await a.db.tx((tx) => setOpen(tx, { scope: a.scope, name: 'shut' }, false, new Date()));
});
afterAll(() => base.close());

const named = (name: string) => ({ scope: a.scope, name });
/** `parent: child child`, one for each attachment. */
const said = (...lines: readonly string[]): Attachment[] =>
  lines.map((line) => {
    const [parent = '', children = ''] = line.split(':');
    return {
      parent: named(parent),
      children: children.trim().split(/\s+/).filter(Boolean).map(named),
    };
  });

/** What work comes to: what is in what, sizes and evaluations, or who refuses. Nothing of it stays. */
async function outcome(work: (tx: Tx) => Promise<void>): Promise<unknown> {
  const found = await undone(a.db, async (tx) => {
    await work(tx);
    return {
      contents: await rows(tx, sql`SELECT * FROM contents ORDER BY parent_id, child_id`),
      sizes: await rows(
        tx,
        sql`SELECT did_id, sum(length)::int, sum(bytes)::int FROM collection_deltas
               GROUP BY did_id ORDER BY did_id`,
      ),
      evaluations: await rows(
        tx,
        sql`SELECT did_id, min(child_from), max(child_to) FROM updated_dids
               GROUP BY did_id ORDER BY did_id`,
      ),
    };
  });
  return found instanceof Error ? `${found.name}: ${found.message}` : found;
}

const together = (attachments: readonly Attachment[], ignoreDuplicate = false) =>
  outcome((tx) => attachMany(tx, attachments, { ignoreDuplicate }));
const oneByOne = (attachments: readonly Attachment[], ignoreDuplicate = false) =>
  outcome(async (tx) => {
    for (const { parent, children } of attachments) {
      await attachDids(tx, parent, children, { ignoreDuplicate });
    }
  });

describe('attaching to many parents', () => {
  it('comes to the same as one after the other, whatever is wrong', async () => {
    const name = fc.constantFrom('d1', 'd2', 'shut', 'c1', 'c2', 'c3', 'f1', 'f2', 'none');
    const parent = fc.constantFrom('d1', 'd2', 'd2', 'c1', 'c2', 'c3', 'c3', 'shut', 'none');
    const wrong = fc.option(fc.constantFrom(1n, 100n), { nil: null, freq: 5 });
    const child = fc.record({ name, bytes: wrong });
    const attachment = fc.record({ parent, children: fc.array(child, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(attachment, { maxLength: 4 }),
        fc.boolean(),
        async (list, ignore) => {
          const attachments = list.map((it) => ({
            parent: named(it.parent),
            children: it.children.map(({ name: called, bytes }) => ({ ...named(called), bytes })),
          }));
          expect(await together(attachments, ignore)).toEqual(await oneByOne(attachments, ignore));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('counts each and tells the judge of each', async () => {
    const attachments = said('d1: f2', 'd2: f1 f2', 'c3: d1 d2');
    const found = await together(attachments);
    expect(found).toMatchObject({ contents: { length: 7 }, evaluations: { length: 4 } });
    expect(found).toEqual(await oneByOne(attachments));
  });

  it('takes a parent that is named twice', async () => {
    expect(await together(said('d2: f1', 'd2: f2'))).toEqual(await oneByOne(said('d2: f1 f2')));
    expect(await together(said('d2: f1', 'd2: f1'))).toMatch(/^FileAlreadyExists/);
  });

  it('names the first that cannot be, and does nothing', async () => {
    expect(await together(said('d2: f1', 'c3: f1', 'shut: f1'))).toMatch(/f1' is a file/);
    expect(await together(said('d2: f1', 'shut: f1', 'c3: f1'))).toMatch(/shut' is closed/);
  });

  it('sees a circle that only the request closes', async () => {
    expect(await together(said('c2: c3', 'c3: c1'))).toMatch(/'km3net:c3' would make a circle/);
    expect(await together(said('c3: c1', 'c2: c3'))).toMatch(/'km3net:c2' would make a circle/);
  });

  it('lets archives take turns', async () => {
    const attachments = [
      { parent: named('box.tar'), children: [{ ...named('inside'), bytes: 1n }] },
      ...said('d2: inside'),
    ];
    expect(await together(attachments)).toMatchObject({ contents: { length: 4 } });
  });
});
