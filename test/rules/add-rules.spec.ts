import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../src/db/index.js';
import { setRseLimit } from '../../src/rses/index.js';
import { RseType, RuleGrouping } from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('a rule', () => {
  it('locks what is there and asks for what is not', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');

    const rule = await a.rule('run', { copies: 2, rseExpression: 'A-DISK|B-DISK' });

    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f1@B-DISK R', 'f2@A-DISK O', 'f2@B-DISK R']);
    expect(await a.replicas()).toEqual([
      'f1@A-DISK A 1',
      'f1@B-DISK C 1',
      'f2@A-DISK A 1',
      'f2@B-DISK C 1',
    ]);
    expect(await a.requests()).toEqual(['f1@B-DISK Q', 'f2@B-DISK Q']);
    expect(await a.ruleRow(rule.id)).toEqual({
      state: 'R',
      ok: 2,
      replicating: 2,
      stuck: 0,
      error: null,
    });
    expect(await a.usage()).toEqual(['A-DISK 2 files 200 bytes', 'B-DISK 2 files 200 bytes']);
  });

  it('is OK at once where everything is there, and on an empty dataset', async () => {
    await a.rse('A-DISK');
    await a.dataset('run');
    await a.dataset('empty');
    await a.data('run', ['f1'], 'A-DISK');
    expect((await a.ruleRow((await a.rule('run', { rseExpression: 'A-DISK' })).id)).state).toBe(
      'O',
    );
    expect((await a.ruleRow((await a.rule('empty', { rseExpression: 'A-DISK' })).id)).state).toBe(
      'O',
    );
  });

  it('holds files by themselves', async () => {
    await a.rse('A-DISK');
    await a.copies('A-DISK', ['f1']);
    await a.rule('f1', { rseExpression: 'A-DISK' });
    expect(await a.locks()).toEqual(['f1@A-DISK O']);
  });

  it('reaches the files of a container, those in two datasets once where all go together', async () => {
    await a.rse('A-DISK');
    await a.container('all');
    await a.dataset('run1');
    await a.dataset('run2');
    await a.data('run1', ['f1', 'f2'], 'A-DISK');
    await a.attach('run2', 'f2');
    await a.attach('all', 'run1', 'run2');
    await a.rule('all', { rseExpression: 'A-DISK', grouping: RuleGrouping.ALL });
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@A-DISK O']);
  });

  it('is refused when it is there already, and leaves nothing behind', async () => {
    await a.rse('A-DISK');
    await a.dataset('run');
    await a.rule('run', { rseExpression: 'A-DISK' });
    await expect(a.rule('run', { rseExpression: 'A-DISK' })).rejects.toMatchObject({
      name: 'DuplicateRule',
    });
  });
});

describe('what a rule meets at the chosen RSE', () => {
  const meet = async (state: string) => {
    await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.copies('A-DISK', ['f1']);
    await a.copies('B-DISK', ['f1']);
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET state = ${state}::"char", tombstone = '1970-01-01Z'
             WHERE rse_id = (SELECT id FROM rses WHERE name = 'B-DISK')`,
      ),
    );
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    return {
      lock: (await a.locks(id))[0],
      copy: (await a.replicas())[1],
      request: (await a.requests())[0],
    };
  };

  it.each([
    ['A', 'O', 'A', undefined],
    ['T', 'O', 'T', undefined],
    ['U', 'R', 'C', 'Q'],
    ['D', 'R', 'D', undefined],
    ['B', 'R', 'B', 'W'],
  ])(
    '%s gives a lock %s, leaves the copy %s, and a request %s',
    async (met, lock, copy, request) => {
      expect(await meet(met)).toEqual({
        lock: `f1@B-DISK ${lock}`,
        copy: `f1@B-DISK ${copy} 1`,
        request: request && `f1@B-DISK ${request}`,
      });
    },
  );

  it('a copy on its way is shared: one request, two locks', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.copies('A-DISK', ['f1']);
    await a.rule('f1', { rseExpression: 'B-DISK' });
    await a.rule('f1', { rseExpression: 'B-DISK&*' });
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f1@B-DISK C 2']);
    expect(await a.requests()).toEqual(['f1@B-DISK Q']);
    expect(await a.usage()).toEqual(['B-DISK 2 files 200 bytes']);
  });
});

describe('a copy that cannot be made', () => {
  it('is stuck with its cause when nothing is there to copy from', async () => {
    await a.rse('A-DISK');
    await a.files('f1');
    const { id } = await a.rule('f1', { rseExpression: 'A-DISK' });
    expect(await a.locks()).toEqual(['f1@A-DISK S']);
    expect(await a.replicas()).toEqual(['f1@A-DISK U 1']);
    expect(await a.requests()).toEqual([]);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'S', error: 'MissingSourceReplica' });
  });

  it('is stuck when the source expression names none that has it', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.rse('C-DISK');
    await a.copies('A-DISK', ['f1']);
    await a.rule('f1', { rseExpression: 'C-DISK', sourceReplicaExpression: 'B-DISK' });
    expect(await a.locks()).toEqual(['f1@C-DISK S']);
  });

  it('is stuck on an RSE that cannot be written, if the rule asked for that', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK', { availabilityWrite: false });
    await a.copies('A-DISK', ['f1']);
    await expect(a.rule('f1', { rseExpression: 'B-DISK' })).rejects.toMatchObject({
      name: 'RSEWriteBlocked',
    });
    await a.rule('f1', { rseExpression: 'B-DISK', ignoreAvailability: true });
    expect(await a.locks()).toEqual(['f1@B-DISK S']);
  });
});

describe('placement', () => {
  it('keeps a dataset together, where it is already', async () => {
    for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
    await a.dataset('run');
    await a.data('run', ['f1', 'f2', 'f3'], 'B-DISK');
    await a.rule('run', { copies: 1 });
    expect(await a.locks()).toEqual(['f1@B-DISK O', 'f2@B-DISK O', 'f3@B-DISK O']);
  });

  it('places each file by itself for NONE, existing copies first', async () => {
    for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await a.data('run', ['f2'], 'B-DISK');
    await a.data('run', ['f3'], 'C-DISK');
    await a.rule('run', { copies: 1, grouping: RuleGrouping.NONE });
    expect(await a.locks()).toEqual(['f1@A-DISK O', 'f2@B-DISK O', 'f3@C-DISK O']);
  });

  it('asks for as many RSEs as copies', async () => {
    await a.rse('A-DISK');
    await a.dataset('run');
    await expect(a.rule('run', { copies: 2 })).rejects.toMatchObject({
      name: 'InsufficientTargetRSEs',
    });
  });

  it('takes only RSEs that have the weight, and refuses one that is no number', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK', { attributes: { size: '3' } });
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await a.rule('run', { weight: 'size' });
    expect(await a.locks()).toEqual(['f1@B-DISK R']);
    await a.rse('C-DISK', { attributes: { size: 'large' } });
    await expect(a.rule('run', { weight: 'size', copies: 1 })).rejects.toMatchObject({
      name: 'InvalidRuleWeight',
    });
  });

  it('charges the account, and refuses what does not fit its limit', async () => {
    await a.rse('A-DISK', { limit: 250n });
    await a.rse('B-DISK', { limit: null });
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'A-DISK');
    await expect(a.rule('run', { rseExpression: 'B-DISK' })).rejects.toMatchObject({
      name: 'InsufficientAccountLimit',
    });
    await a.rule('run', { rseExpression: 'A-DISK' });
    await expect(a.rule('f1', { rseExpression: 'A-DISK' })).rejects.toMatchObject({
      name: 'InsufficientAccountLimit',
    });
    expect(await a.usage()).toEqual(['A-DISK 2 files 200 bytes']);
  });

  it('uses every RSE as far as it has room, where each file goes by itself', async () => {
    await a.rse('A-DISK');
    await a.rse('B-DISK', { limit: 1050n });
    await a.rse('C-DISK', { limit: 1050n });
    await a.dataset('run');
    const names = Array.from({ length: 20 }, (_, n) => `f${n}`);
    await a.data('run', names, 'A-DISK');
    const alone = { rseExpression: 'B-DISK|C-DISK', grouping: RuleGrouping.NONE };
    await a.rule('run', alone);
    expect(await a.usage()).toEqual(['B-DISK 10 files 1000 bytes', 'C-DISK 10 files 1000 bytes']);
    await expect(a.rule('f0', { ...alone, rseExpression: 'C-DISK|B-DISK' })).rejects.toMatchObject({
      name: 'InsufficientAccountLimit',
    });
  });

  it('does not choose an RSE where the account may put nothing, though most of it is unlimited', async () => {
    await a.rse('A-DISK', { limit: null });
    await a.rse('B-DISK');
    await a.dataset('run');
    await a.data('run', ['f1', 'f2', 'f3', 'f4'], 'A-DISK');
    await a.rule('run', { rseExpression: 'A-DISK|B-DISK', grouping: RuleGrouping.NONE });
    expect(await a.usage()).toEqual(['B-DISK 4 files 400 bytes']);
  });

  it('respects the limit of an RSE', async () => {
    const id = await a.rse('A-DISK');
    await a.rse('B-DISK');
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'B-DISK');
    await base.db.tx((tx) => setRseLimit(tx, id, { name: 'MaxSpaceAvailable', value: 150n }));
    await expect(a.rule('run', { rseExpression: 'A-DISK' })).rejects.toMatchObject({
      name: 'RSEOverQuota',
    });
  });

  it('asks for a lifetime on staging areas, and locks a rule that puts data on tape for ever', async () => {
    await a.rse('A-STAGE', { stagingArea: true });
    await a.rse('B-TAPE', { type: RseType.TAPE });
    await a.dataset('run');
    await expect(a.rule('run', { rseExpression: 'A-STAGE' })).rejects.toMatchObject({
      name: 'StagingAreaRuleRequiresLifetime',
    });
    const { id } = await a.rule('run', { rseExpression: 'B-TAPE' });
    expect(
      await base.db.read((tx) => execute(tx, sql`SELECT 1 FROM rules WHERE id = ${id} AND locked`)),
    ).toBe(1);
  });
});
