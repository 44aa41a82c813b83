import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failedSources } from '../../../src/requests/index.js';
import { changeRse, findRse } from '../../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Harbour, harbour } from '../../support/harbour.js';

let base: TestDatabase;
let a: Harbour;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** A rule from A-DISK to B-DISK, tried until nothing is tried any more. Gives why it is stuck. */
async function tryAll(prepare: () => Promise<void> | void, options = {}) {
  await a.quay('A-DISK');
  await a.quay('B-DISK', options);
  await a.file('f1', 'events', 'A-DISK');
  const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
  await prepare();
  for (let attempt = 0; attempt < a.config.requests.attemptsMax; attempt++) {
    await a.settle();
    a.pass(a.config.requests.backoffSecondsMax);
  }
  expect(await a.requests()).toEqual([]);
  expect(await a.ruleRow(id)).toMatchObject({ state: 'S', ok: 0, replicating: 0, stuck: 1 });
  expect(a.content('B-DISK', 'f1')).not.toBe('events');
  const [stuck] = await a.stuck();
  const history = await a.history();
  return { cause: stuck?.cause, error: stuck?.error, causes: history.map((row) => row.cause) };
}
const thrice = (cause: string) => ({ cause, causes: [cause, cause, cause] });

describe('a movement that fails every time leaves its cause on the lock:', () => {
  it('a source that refuses', async () => {
    const refuse = () => a.storage('A-DISK').failNext('read', 'REFUSED', 9);
    expect(await tryAll(refuse)).toMatchObject(thrice('SOURCE_REFUSED'));
  });

  it('a source without the file', async () => {
    const lose = () => a.storage('A-DISK').files.clear();
    expect(await tryAll(lose)).toMatchObject(thrice('SOURCE_MISSING'));
  });

  it('a source that times out', async () => {
    const hang = () => a.storage('A-DISK').failNext('read', 'TIMEOUT', 9);
    expect(await tryAll(hang)).toMatchObject(thrice('TIMEOUT'));
  });

  it('a destination that refuses', async () => {
    const refuse = () => a.storage('B-DISK').failNext('write', 'REFUSED', 9);
    expect(await tryAll(refuse)).toMatchObject(thrice('DEST_REFUSED'));
  });

  it('a destination that is full', async () => {
    const fill = () => void (a.storage('B-DISK').capacity = 3n);
    expect(await tryAll(fill)).toMatchObject(thrice('DEST_FULL'));
  });

  it('a destination that changes bytes, of which nothing stays', async () => {
    const corrupt = () => void (a.storage('B-DISK').corruptWrites = true);
    expect(await tryAll(corrupt)).toMatchObject(thrice('DEST_CHECKSUM'));
    expect(a.storage('B-DISK').list()).toEqual([]);
  });

  it('a destination where something else stands, which stays', async () => {
    const squat = () => a.damage('B-DISK', 'f1', 'not ours');
    expect(await tryAll(squat)).toMatchObject(thrice('DEST_EXISTS'));
    expect(a.content('B-DISK', 'f1')).toBe('not ours');
  });

  it('a destination that cannot be written any more', async () => {
    const close = () =>
      base.db.tx(async (tx) =>
        changeRse(tx, await findRse(tx, 'B-DISK'), { availabilityWrite: false }),
      );
    expect(await tryAll(close)).toMatchObject(thrice('NOT_WRITABLE'));
  });

  it('a destination without a protocol', async () => {
    expect(await tryAll(() => undefined, { scheme: null })).toMatchObject(thrice('NO_PROTOCOL'));
  });

  it('a protocol that no tool speaks', async () => {
    expect(await tryAll(() => undefined, { scheme: 'gopher' })).toMatchObject(
      thrice('NO_PROTOCOL'),
    );
  });

  it('a naming that nobody knows, without keeping others from moving', async () => {
    await a.quay('C-DISK');
    const attributes = { lfn2pfn_algorithm: 'belleii' };
    await a.dataset('run');
    const stuck = tryAll(
      async () => {
        await a.rule('f1', { rseExpression: 'C-DISK' });
      },
      { attributes },
    );
    expect(await stuck).toMatchObject({ cause: 'PATH_REFUSED' });
    expect(a.content('C-DISK', 'f1')).toBe('events');
  });
});

describe('a storage that does not answer', () => {
  /** The sources that attempts are held against. */
  const blamed = () =>
    base.db.read(async (tx) => {
      const { id: didId } = await a.did('f1');
      const { id: rseId } = await findRse(tx, 'B-DISK');
      return await failedSources(tx, [{ didId, rseId }], new Date(0));
    });

  it('is not the source where the destination is away', async () => {
    const away = () => a.storage('B-DISK').failNext('write', 'CONNECTION', 9);
    expect(await tryAll(away)).toMatchObject(thrice('CONNECTION'));
    expect(await blamed()).toEqual([]);
  });

  it('is the source where it is away itself', async () => {
    const away = () => a.storage('A-DISK').failNext('read', 'CONNECTION', 9);
    expect(await tryAll(away)).toMatchObject(thrice('CONNECTION'));
    expect(await blamed()).toMatchObject([{ times: 3 }]);
  });
});

describe('a source that is not the file', () => {
  it.each([
    ['is cut short', 'even', 'SOURCE_SIZE'],
    ['is longer than it should be', 'events!', 'SOURCE_SIZE'],
    ['has other bytes', 'eventz', 'SOURCE_CHECKSUM'],
  ])(
    'because it %s is found out, and told also when no other is left',
    async (_, content, cause) => {
      const story = await tryAll(() => a.damage('A-DISK', 'f1', content));
      expect(story).toMatchObject({ cause, causes: [cause, 'NO_SOURCE'] });
      expect(story.error).toMatch(/expected .*, found .*; no other copy can be read$/);
    },
  );
});

describe('a failed attempt', () => {
  it('is repeated after a back-off that doubles', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events', 'A-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    a.storage('B-DISK').failNext('write', 'REFUSED', 2);
    await a.settle();
    expect(await a.requests()).toEqual(['f1@B-DISK W']);
    a.pass(59);
    await a.settle();
    expect(await a.history()).toHaveLength(1);
    a.pass(1);
    await a.settle();
    expect(await a.history()).toHaveLength(2);
    a.pass(119);
    await a.settle();
    expect(await a.ruleRow(id)).toMatchObject({ state: 'R' });
    a.pass(1);
    await a.settle();
    expect((await a.history()).map(({ state }) => state)).toEqual(['F', 'F', 'D']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O' });
  });

  it('counts against its source: the next one takes another', async () => {
    for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.quay(rse);
    await a.file('f1', 'events', 'A-DISK', 'B-DISK');
    await a.distance('A-DISK', 'C-DISK', 1);
    await a.distance('B-DISK', 'C-DISK', 9);
    await a.rule('f1', { rseExpression: 'C-DISK' });
    a.storage('A-DISK').failNext('read', 'TIMEOUT');
    await a.settle();
    a.pass(60);
    await a.settle();
    expect(await a.history()).toMatchObject([
      { source: 'A-DISK', state: 'F' },
      { source: 'B-DISK', state: 'D' },
    ]);
  });
});
