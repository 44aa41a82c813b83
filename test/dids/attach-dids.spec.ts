import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../src/db/index.js';
import {
  attachDids,
  type ConstituentSpec,
  depthOf,
  detachDids,
  foldCollections,
  parentsOf,
  setOpen,
  sizesOf,
} from '../../src/dids/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { lake, type Lake } from '../support/lake.js';
import { hold, someoneWaits } from '../support/sessions.js';

let base: TestDatabase;
let a: Lake;
beforeAll(async () => {
  base = await testDatabase();
  a = await lake(base.db);
});
afterAll(() => base.close());

const attach = (parent: string, children: Partial<ConstituentSpec>[], ignoreDuplicate = false) =>
  a.db.tx((tx) =>
    attachDids(
      tx,
      { scope: a.scope, name: parent },
      children.map((child) => ({ scope: a.scope, name: 'f', ...child })),
      { ignoreDuplicate },
    ),
  );
const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
const size = async (name: string) => {
  const { id } = await a.did(name);
  return (await a.db.read((tx) => sizesOf(tx, [id]))).get(id);
};
const evaluations = async (name: string) => {
  const { id } = await a.did(name);
  return await a.db.read((tx) =>
    rows<{ action: string; child_from: bigint; child_to: bigint }>(
      tx,
      sql`SELECT action, child_from, child_to FROM updated_dids WHERE did_id = ${id} ORDER BY id`,
    ),
  );
};

describe('attaching files to a dataset', () => {
  it('counts them and tells the judge which children to look at', async () => {
    await a.dataset('run1');
    const [f1, f2, f3] = await a.files('f1', 'f2', 'f3');
    await attach('run1', [{ name: 'f3' }, { name: 'f1' }]);
    expect(await size('run1')).toEqual({ length: 2n, bytes: 200n });
    await attach('run1', [{ name: 'f2' }]);
    expect(await size('run1')).toEqual({ length: 3n, bytes: 300n });
    expect(await evaluations('run1')).toEqual([
      { action: 'A', child_from: f1?.id, child_to: f3?.id },
      { action: 'A', child_from: f2?.id, child_to: f2?.id },
    ]);
  });

  it('refuses one that is there already, and takes nothing of that call', async () => {
    await a.files('f4');
    expect(await refusal(attach('run1', [{ name: 'f4' }, { name: 'f1' }]))).toBe(
      'FileAlreadyExists',
    );
    expect(await size('run1')).toEqual({ length: 3n, bytes: 300n });
  });

  it('passes over duplicates where it is told to, and counts only what is new', async () => {
    await attach('run1', [{ name: 'f1' }, { name: 'f4' }, { name: 'f4' }], true);
    expect(await size('run1')).toEqual({ length: 4n, bytes: 400n });
    await attach('run1', [{ name: 'f4' }], true);
    expect(await evaluations('run1')).toHaveLength(3);
  });

  it('refuses one file given twice', async () => {
    await a.files('f5');
    expect(await refusal(attach('run1', [{ name: 'f5' }, { name: 'f5' }]))).toBe(
      'FileAlreadyExists',
    );
  });

  it.each<[string, Partial<ConstituentSpec>, string]>([
    ['a size that is another', { name: 'f5', bytes: 99n }, 'FileConsistencyMismatch'],
    ['an adler32 that is another', { name: 'f5', adler32: 2 }, 'FileConsistencyMismatch'],
    ['a name that names nothing', { name: 'f404' }, 'DataIdentifierNotFound'],
    ['the dataset itself', { name: 'run1' }, 'UnsupportedOperation'],
  ])('refuses %s', async (_, child, fact) => {
    expect(await refusal(attach('run1', [child]))).toBe(fact);
  });

  it('accepts what agrees with the catalogue, and an md5 the catalogue does not know', async () => {
    const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
    await attach('run1', [{ name: 'f5', bytes: 100n, adler32: 1, md5 }]);
    expect(await size('run1')).toEqual({ length: 5n, bytes: 500n });
  });

  it('reads the same size before and after the deltas are folded', async () => {
    const before = await size('run1');
    expect(await a.db.tx((tx) => foldCollections(tx, 1000))).toBeGreaterThan(0);
    expect(await size('run1')).toEqual(before);
    expect(await a.db.tx((tx) => foldCollections(tx, 1000))).toBe(0);
  });
});

describe('attaching to a container', () => {
  beforeAll(async () => {
    for (const name of ['top', 'mid', 'low']) await a.container(name);
    for (const name of ['d1', 'd2']) await a.dataset(name);
    await a.files('c1', 'c2');
    await a.attach('d1', 'c1');
    await a.attach('d2', 'c1', 'c2');
  });

  it('takes datasets or containers, not both in one call, and never files', async () => {
    expect(await refusal(attach('mid', [{ name: 'd1' }, { name: 'low' }]))).toBe(
      'UnsupportedOperation',
    );
    expect(await refusal(attach('mid', [{ name: 'c1' }]))).toBe('UnsupportedOperation');
    await attach('mid', [{ name: 'd1' }, { name: 'd2' }]);
    await attach('mid', [{ name: 'low' }]);
    await attach('top', [{ name: 'mid' }]);
    expect(await refusal(attach('mid', [{ name: 'd1' }]))).toBe('DuplicateContent');
  });

  it('refuses a circle, however long', async () => {
    expect(await refusal(attach('low', [{ name: 'top' }]))).toBe('UnsupportedOperation');
    expect(await refusal(attach('mid', [{ name: 'mid' }]))).toBe('UnsupportedOperation');
  });

  it('counts what is below through every way', async () => {
    const { id } = await a.did('top');
    expect(await a.db.read((tx) => depthOf(tx, id))).toEqual({
      datasets: 2n,
      length: 3n,
      bytes: 300n,
    });
  });

  it('makes no circle when two sessions close it from both ends', async () => {
    await a.container('left');
    await a.container('right');
    const first = await hold(a.db, async (tx) => {
      await attachDids(tx, { scope: a.scope, name: 'left' }, [{ scope: a.scope, name: 'right' }]);
    });
    const second = refusal(attach('right', [{ name: 'left' }]));
    await someoneWaits(base.url);
    await first.release();
    expect(await second).toBe('UnsupportedOperation');
  });
});

describe('a closed collection', () => {
  it('takes nothing more, and says so to one who waited for its closing', async () => {
    await a.dataset('closing');
    await a.files('late');
    const closing = await hold(a.db, async (tx) => {
      await setOpen(tx, { scope: a.scope, name: 'closing' }, false, new Date());
    });
    const late = refusal(attach('closing', [{ name: 'late' }]));
    await someoneWaits(base.url);
    await closing.release();
    expect(await late).toBe('UnsupportedOperation');
    expect(await size('closing')).toBeUndefined();
  });

  it('closes only after an attach that came first, and keeps its files', async () => {
    await a.dataset('attaching');
    await a.files('early');
    const attaching = await hold(a.db, async (tx) => {
      await attachDids(tx, { scope: a.scope, name: 'attaching' }, [
        { scope: a.scope, name: 'early' },
      ]);
    });
    const closing = a.db.tx((tx) =>
      setOpen(tx, { scope: a.scope, name: 'attaching' }, false, new Date()),
    );
    await someoneWaits(base.url);
    await attaching.release();
    await closing;
    expect(await size('attaching')).toEqual({ length: 1n, bytes: 100n });
    expect((await a.did('attaching')).isOpen).toBe(false);
  });

  it('is not closed twice, and opens again', async () => {
    const open = (state: boolean) =>
      refusal(
        a.db.tx((tx) => setOpen(tx, { scope: a.scope, name: 'attaching' }, state, new Date())),
      );
    expect(await open(false)).toBe('UnsupportedOperation');
    expect(await open(true)).toBe('accepted');
  });
});

describe('detaching', () => {
  const detach = (parent: string, ...names: string[]) =>
    a.db.tx((tx) =>
      detachDids(
        tx,
        { scope: a.scope, name: parent },
        names.map((name) => ({ scope: a.scope, name })),
      ),
    );

  it('takes the size back, keeps the history and tells the judge', async () => {
    await a.dataset('shrinking');
    const [s1] = await a.files('s1', 's2');
    await a.attach('shrinking', 's1', 's2');
    await detach('shrinking', 's1');
    expect(await size('shrinking')).toEqual({ length: 1n, bytes: 100n });
    expect((await evaluations('shrinking')).at(-1)).toEqual({
      action: 'D',
      child_from: s1?.id,
      child_to: s1?.id,
    });
    const { id } = await a.did('shrinking');
    const history = await a.db.read((tx) =>
      rows(tx, sql`SELECT child_id FROM contents_history WHERE parent_id = ${id}`),
    );
    expect(history).toEqual([{ child_id: s1?.id }]);
  });

  it('takes all or none', async () => {
    expect(await refusal(detach('shrinking', 's2', 's1'))).toBe('DataIdentifierNotFound');
    expect(await size('shrinking')).toEqual({ length: 1n, bytes: 100n });
    expect(await refusal(detach('shrinking', 'shrinking'))).toBe('UnsupportedOperation');
    expect(await refusal(detach('s2', 's1'))).toBe('DataIdentifierNotFound');
  });
});

describe('an archive', () => {
  it('gets constituents that it makes where they are missing; they are in no dataset by that', async () => {
    await a.files('pack.tar.gz', 'known');
    await attach('pack.tar.gz', [
      { name: 'known' },
      { name: 'inside', bytes: 7n, adler32: 5, md5: null },
    ]);
    const inside = await a.did('inside');
    expect(inside).toMatchObject({ bytes: 7n, constituent: true, type: 'F' });
    expect((await a.did('pack.tar.gz')).isArchive).toBe(true);
    expect(await a.db.read((tx) => parentsOf(tx, inside.id))).toEqual([]);
    expect(await refusal(attach('pack.tar.gz', [{ name: 'unknown' }]))).toBe(
      'DataIdentifierNotFound',
    );
    expect(await refusal(attach('known', [{ name: 'inside' }]))).toBe('UnsupportedOperation');
  });
});
