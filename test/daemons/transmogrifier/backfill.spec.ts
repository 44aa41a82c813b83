import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, sql } from '../../../src/db/index.js';
import { setOpen } from '../../../src/dids/index.js';
import { rulesTerms } from '../../../src/rules/index.js';
import { serveBackfill } from '../../../src/subscriptions/index.js';
import { BackfillState } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { hold } from '../../support/sessions.js';
import { type Office, office, RAW, tape, two } from '../../support/office.js';

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

const names = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => `run${String(at + from).padStart(3, '0')}`);
const terms = () => ({ ...a.config.subscriptions, ...rulesTerms(a.config, a.now) });
const slice = () => a.db.tx((tx) => serveBackfill(tx, terms()));
const { DONE, RUNNING, PAUSED, CANCELLED } = BackfillState;

/** Datasets that no subscription has been asked about, because there was none. */
async function older(count: number): Promise<string[]> {
  await a.register({ datatype: 'RAW' }, ...names(count));
  await a.transmogrify();
  return names(count);
}

describe('a backfill', () => {
  it('gives DIDs that were there before the subscription its rules', async () => {
    await a.disks();
    const runs = await older(3);
    await a.register({ datatype: 'MC' }, 'mc');
    const uid = await a.order('raw');
    await a.transmogrify();
    expect(await a.ruled()).toEqual([]);
    expect(await a.backfill('raw')).toMatchObject({ state: RUNNING, matched: 0n });
    expect(await a.transmogrify()).toMatchObject({ done: 3, failed: 0 });
    expect(await a.ruled()).toEqual(runs.map((run) => `${run} 2 type=DISK`));
    const made = await a.ruleColumns('subscription_uid AS uid, state');
    expect(made).toEqual(runs.map(() => ({ uid, state: 'I' })));
    expect(await a.backfillOf('raw')).toMatchObject({
      state: DONE,
      seen: 4n,
      matched: 3n,
      rules: 3n,
      failed: 0n,
      endedAt: a.now,
    });
    expect(await a.transmogrify()).toEqual({ seen: 0, done: 0, failed: 0, more: false });
  });

  it('serves as many a minute as it is told, and makes up for a late daemon', async () => {
    await a.disks();
    await older(40);
    await a.order('raw');
    await a.backfill('raw', { perMinute: 60 });
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(10);
    a.pass(9);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(10);
    a.pass(1);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(20);
    a.pass(20);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(40);
  });

  it('passes over what is there, whoever made it, and what was served and has ended', async () => {
    await a.disks();
    const [first = '', second = '', third = ''] = await older(3);
    await a.rule(first, { copies: 2, rseExpression: 'type=DISK' });
    await a.order('raw');
    await a.say({ is_new: true }, second);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(2);
    await a.end(second);
    await a.backfill('raw');
    await a.transmogrify();
    expect(await a.ruled()).toEqual([`${first} 2 type=DISK`, `${third} 2 type=DISK`]);
    await a.backfill('raw', { again: true });
    await a.transmogrify();
    expect(await a.ruled()).toEqual([first, second, third].map((run) => `${run} 2 type=DISK`));
    expect(await a.backfillOf('raw')).toMatchObject({ matched: 3n, rules: 1n });
  });

  it('looks at files only where the filter asks for them', async () => {
    await a.disks();
    await a.dataset('box');
    await a.data('box', ['f1', 'f2'], 'A-DISK');
    await a.transmogrify();
    await a.order('all', { filter: { scope: ['km3net'] } });
    await a.order('files', { filter: { did_type: ['FILE'], pattern: 'f' } });
    await a.backfill('all');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['box 2 type=DISK']);
    expect(await a.backfillOf('all')).toMatchObject({ seen: 1n });
    await a.backfill('files');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['box 2 type=DISK', 'f1 2 type=DISK', 'f2 2 type=DISK']);
  });

  it('with split_rule and chains does as for new DIDs', async () => {
    await a.rse('A-DISK', {
      attributes: { type: 'DISK', site: 'NAPLES', associated_sites: 'T-TAPE' },
    });
    await a.rse('T-TAPE', { attributes: { type: 'TAPE' } });
    await older(1);
    const chained = {
      ...tape,
      chained_idx: 1,
      algorithm: 'associated_site',
      associated_site_idx: 1,
    };
    await a.order('split', {
      filter: { ...RAW, split_rule: true },
      rules: [{ copies: 1, rse_expression: 'type=DISK' }, chained],
    });
    const wanted = (rules: number) => ({
      wanted: rules,
      entries: [{ dids: { WANTED: rules } }, { dids: { WANTED: rules } }],
    });
    expect(await a.plan('split')).toMatchObject(wanted(1));
    await a.backfill('split');
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['run000 1 A-DISK', 'run000 1 T-TAPE']);
    expect(await a.plan('split')).toMatchObject(wanted(0));
    await a.end('run000');
    await a.end('run000');
    expect(await a.plan('split')).toMatchObject({
      entries: [{ dids: { ENDED: 1 } }, { dids: { ENDED: 1 } }],
    });
    expect(await a.plan('split', true)).toMatchObject(wanted(1));
  });

  it('keeps what cannot be made, with the reason, and goes on', async () => {
    await older(2);
    await a.order('raw');
    await a.backfill('raw');
    expect(await a.transmogrify()).toMatchObject({ done: 0, failed: 2 });
    expect(await a.backfillOf('raw')).toMatchObject({ state: DONE, failed: 2n });
    expect(await a.waiting('raw')).toHaveLength(2);
    await a.disks();
    a.pass(61);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(2);
  });
});

describe('a backfill under way', () => {
  beforeEach(async () => {
    await a.disks();
    await older(30);
    await a.order('raw');
    await a.backfill('raw', { perMinute: 60 });
  });

  it('that dies in a slice goes on behind the last one that was done', async () => {
    expect(await slice()).toMatchObject({ rules: 10 });
    a.pass(10);
    const death = a.db.tx(async (tx) => {
      expect(await serveBackfill(tx, terms())).toMatchObject({ rules: 10 });
      throw new Error('killed');
    });
    await expect(death).rejects.toThrow('killed');
    expect(await a.ruled()).toHaveLength(10);
    expect(await a.backfillOf('raw')).toMatchObject({ matched: 10n, rules: 10n });
    a.pass(60);
    await a.transmogrify();
    expect(await a.ruled()).toEqual(names(30).map((run) => `${run} 2 type=DISK`));
    expect(await a.backfillOf('raw')).toMatchObject({ state: DONE, rules: 30n });
  });

  it('is served by one daemon at a time, and nothing twice', async () => {
    a.pass(60);
    const tallies = await Promise.all([slice(), slice(), slice(), slice()]);
    const rules = tallies.reduce((sum, tally) => sum + (tally?.rules ?? 0), 0);
    expect(await a.ruled()).toHaveLength(rules);
    while (await slice());
    expect(await a.ruled()).toHaveLength(30);
    expect(await a.backfillOf('raw')).toMatchObject({ state: DONE, matched: 30n, rules: 30n });
  });

  it('is cancelled within a slice; what was made stays', async () => {
    await a.transmogrify();
    expect(await a.changeBackfill('raw', { state: CANCELLED })).toMatchObject({
      state: CANCELLED,
      rules: 10n,
    });
    a.pass(600);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(10);
    await expect(a.changeBackfill('raw', { state: RUNNING })).rejects.toThrow('is CANCELLED');
    await a.backfill('raw', { perMinute: 600 });
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(30);
  });

  it('pauses and goes on where it was, at another rate', async () => {
    await a.transmogrify();
    await a.changeBackfill('raw', { state: PAUSED });
    a.pass(600);
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(10);
    await a.changeBackfill('raw', { state: RUNNING, perMinute: 6000 });
    await a.transmogrify();
    expect(await a.backfillOf('raw')).toMatchObject({ state: DONE, matched: 30n });
  });

  it('is not begun a second time', async () => {
    await expect(a.backfill('raw')).rejects.toThrow('is RUNNING: cancel it first');
  });

  it('pauses with its subscription, and says why', async () => {
    await a.change('raw', { deactivate: true });
    a.pass(60);
    await a.transmogrify();
    expect(await a.ruled()).toEqual([]);
    expect(await a.backfillOf('raw')).toMatchObject({
      state: PAUSED,
      error: 'the subscription is not in use any more',
    });
    await expect(a.changeBackfill('raw', { state: RUNNING })).rejects.toThrow('not in use');
    await a.change('raw', {});
    await a.changeBackfill('raw', { state: RUNNING });
    await a.transmogrify();
    expect(await a.ruled()).not.toEqual([]);
  });

  it('stops before a DID that somebody writes to, and goes on when that is over', async () => {
    a.pass(60);
    const writing = await hold(a.db, async (tx) => {
      await execute(tx, sql`SELECT FROM dids WHERE name = 'run005' FOR UPDATE`);
    });
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(5);
    await writing.release();
    await a.transmogrify();
    expect(await a.ruled()).toHaveLength(30);
  });

  it('goes by the subscription as it is then', async () => {
    await a.transmogrify();
    await a.change('raw', {
      filter: { pattern: 'run02' },
      replicationRules: [{ ...two, copies: 1 }],
    });
    a.pass(60);
    await a.transmogrify();
    expect((await a.ruled()).filter((rule) => rule.includes(' 1 '))).toEqual(
      names(10, 20).map((run) => `${run} 1 type=DISK`),
    );
  });
});

describe('the plan of a backfill', () => {
  it('tells beforehand what would be made, and writes nothing', async () => {
    await a.disks();
    await a.rse('T-TAPE', { attributes: { type: 'TAPE' } });
    for (const name of ['run0', 'run1', 'run2']) {
      await a.dataset(name);
      await a.data(name, [`${name}.a`, `${name}.b`], 'A-DISK');
      await a.db.tx((tx) => setOpen(tx, { scope: a.scope, name }, false, a.now));
      await a.say({ datatype: 'RAW' }, name);
    }
    await a.transmogrify();
    await a.rule('run0', { copies: 2, rseExpression: 'type=DISK' });
    await a.order('raw', { rules: [two, tape, { copies: 1, rse_expression: 'C-DISK' }] });
    const plan = await a.plan('raw');
    expect(plan).toMatchObject({ seen: 3, matched: 3, wanted: 3, files: 6n, bytes: 600n });
    expect(plan.entries).toEqual([
      {
        entry: 1,
        dids: { WANTED: 2, THERE: 1, ENDED: 0, FAILS: 0 },
        files: 4n,
        bytes: 400n,
        bytesOfCopies: 800n,
        error: null,
      },
      {
        entry: 2,
        dids: { WANTED: 3, THERE: 0, ENDED: 0, FAILS: 0 },
        files: 6n,
        bytes: 600n,
        bytesOfCopies: 600n,
        error: null,
      },
      {
        entry: 3,
        dids: { WANTED: 0, THERE: 0, ENDED: 0, FAILS: 3 },
        files: 0n,
        bytes: 0n,
        bytesOfCopies: 0n,
        error: expect.stringMatching(/^InvalidRSEExpression: .*C-DISK/),
      },
    ]);
    expect(await a.ruled()).toHaveLength(1);
  });

  it('says what of it cannot be made, and why', async () => {
    await a.rse('A-DISK', { attributes: { type: 'DISK' } });
    await older(2);
    await a.order('split', { filter: { ...RAW, split_rule: true } });
    expect(await a.plan('split')).toMatchObject({
      matched: 2,
      wanted: 0,
      entries: [{ dids: { FAILS: 2 }, error: expect.stringContaining('InsufficientTargetRSEs') }],
    });
  });
});
