import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { changeRse, findRse } from '../../../src/rses/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Office, office, RAW, two } from '../../support/office.js';
let base: TestDatabase;
let a: Office;
beforeEach(async () => {
  base = await testDatabase();
  a = await office(base.db);
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

describe('a subscription', () => {
  it('of a low number comes first', async () => {
    await a.disks();
    await a.order('late', { rules: [{ copies: 1, rse_expression: 'A-DISK' }], priority: 4 });
    await a.order('early', { rules: [{ copies: 1, rse_expression: 'B-DISK' }], priority: 1 });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect((await a.ruleColumns('rse_expression')).map((row) => row['rse_expression'])).toEqual([
      'B-DISK',
      'A-DISK',
    ]);
  });

  it('ends with its lifetime, and can be taken up again', async () => {
    await a.disks();
    await a.order('raw', { lifetimeDays: 1 });
    a.pass(86_400);
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect(await a.stateOf('raw')).toBe('I');
    expect(await a.ruled()).toEqual([]);
    await a.change('raw', { lifetimeDays: null });
    expect(await a.stateOf('raw')).toBe('U');
    await a.say({ is_new: true }, 'run1');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['run1 2 type=DISK']);
  });

  it('says what each rule is to be like', async () => {
    await a.disks();
    await a.order('raw', {
      rules: [
        {
          ...two,
          copies: '*',
          lifetime: '3600',
          grouping: 'ALL',
          locked: 'True',
          purge_replicas: 'True',
          ignore_availability: true,
          comments: 'mine',
          activity: 'Debug',
          priority: 5,
          delay_injection: 60,
          source_replica_expression: 'A-DISK',
        },
      ],
    });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect(await a.ruleColumns('*')).toMatchObject([
      {
        copies: 2,
        expires_at: new Date(a.now.getTime() + 3_600_000),
        did_grouping: 'A',
        locked: true,
        purge_replicas: true,
        ignore_availability: true,
        comments: 'mine',
        priority: 5,
        inject_at: new Date(a.now.getTime() + 60_000),
        source_replica_expression: 'A-DISK',
      },
    ]);
  });

  it('with copies * asks for as many as can be written', async () => {
    await a.disks();
    await a.db.tx(async (tx) => {
      await changeRse(tx, await findRse(tx, 'B-DISK'), { availabilityWrite: false });
    });
    await a.order('everywhere', { rules: [{ copies: '*', rse_expression: 'type=DISK' }] });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['run1 1 type=DISK']);
  });

  it('with split_rule makes a rule of each copy, and chooses as before', async () => {
    for (const name of ['A-DISK', 'B-DISK', 'C-DISK', 'D-DISK']) {
      await a.rse(name, { attributes: { type: 'DISK' } });
    }
    await a.order('split', { filter: { ...RAW, split_rule: true } });
    await a.register({ datatype: 'RAW' }, 'run1', 'run2', 'run3');
    await a.transmogrify();
    const made = await a.ruled();
    expect(made).toHaveLength(6);
    expect(made.every((rule) => /^run\d 1 [ABCD]-DISK$/.test(rule))).toBe(true);
    await a.say({ is_new: true }, 'run1', 'run2', 'run3');
    expect(await a.transmogrify()).toMatchObject({ seen: 3, done: 0, failed: 0 });
    expect(await a.ruled()).toEqual(made);
  });

  it('may send copies to where an earlier rule says', async () => {
    const sites = { type: 'DISK', site: 'NAPLES', associated_sites: 'B-DISK,C-DISK' };
    await a.rse('A-DISK', { attributes: sites });
    for (const name of ['B-DISK', 'C-DISK']) await a.rse(name, { attributes: { type: 'DISK' } });
    const first = { copies: 1, rse_expression: 'A-DISK' };
    await a.order('chained', {
      rules: [
        first,
        {
          ...first,
          chained_idx: 1,
          algorithm: 'associated_site',
          associated_site_idx: 2,
        },
      ],
    });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect(await a.ruleColumns('rse_expression, source_replica_expression')).toEqual([
      { rse_expression: 'A-DISK', source_replica_expression: null },
      { rse_expression: 'C-DISK', source_replica_expression: 'A-DISK' },
    ]);
  });

  it('may keep copies away from where an earlier rule says', async () => {
    for (const [name, site] of [
      ['A-DISK', 'NAPLES'],
      ['B-DISK', 'NAPLES'],
      ['C-DISK', 'AMSTERDAM'],
    ] as const) {
      await a.rse(name, { attributes: { type: 'DISK', site } });
    }
    const first = { copies: 1, rse_expression: 'A-DISK' };
    const second = { ...two, copies: 1, chained_idx: 1, algorithm: 'exclude_site' };
    await a.order('apart', { rules: [first, second] });
    await a.order('spread', { rules: [two, second], filter: { pattern: 'run2' } });
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.register({}, 'run2');
    expect(await a.transmogrify()).toMatchObject({ seen: 2, failed: 1 });
    expect(await a.ruled()).toEqual(['run1 1 A-DISK', 'run1 1 C-DISK', 'run2 2 type=DISK']);
    expect(await a.waiting('spread')).toMatchObject([
      { entry: 2, error: expect.stringContaining('needs split_rule') },
    ]);
  });

  it('that cannot be read any more is BROKEN, and in nobody else’s way', async () => {
    await a.disks();
    await a.order('odd');
    await a.order('raw', { rules: [{ copies: 1, rse_expression: 'A-DISK' }] });
    await a.db.tx((tx) =>
      execute(tx, sql`UPDATE subscriptions SET filter = '{"scope": "km3net"}' WHERE name = 'odd'`),
    );
    await a.register({ datatype: 'RAW' }, 'run1');
    await a.transmogrify();
    expect([await a.stateOf('odd'), await a.stateOf('raw')]).toEqual(['B', 'A']);
    expect(await a.ruled()).toEqual(['run1 1 A-DISK']);
  });
});
