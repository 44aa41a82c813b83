import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { atropos } from '../../src/daemons/atropos.js';
import { undertaker } from '../../src/daemons/undertaker.js';
import { execute, only, rows, sql } from '../../src/db/index.js';
import { askExceptions, decideException } from '../../src/rules/index.js';
import { writeSettings } from '../../src/settings/index.js';
import { LifetimeExceptionState } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';

const DAY = 86_400;
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

let base: TestDatabase;
let a: Court;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.dataset('run');
  await a.data('run', ['f1'], 'A-DISK');
  const value = after(1000 * DAY)
    .toISOString()
    .slice(0, 10);
  await base.db.tx((tx) =>
    writeSettings(tx, [{ section: 'lifetime_model', option: 'cutoff_date', value }]),
  );
});
afterEach(() => base.close());

const after = (seconds: number) => new Date(a.now.getTime() + seconds * 1000);
const cut = () => a.shift(atropos(a.config));
const endOf = (id: bigint) =>
  base.db.read((tx) =>
    only<{ eol: Date | null; end: Date | null }>(
      tx,
      sql`SELECT eol_at AS eol, expires_at AS end FROM rules WHERE id = ${id}`,
    ),
  );
/** An exception for `run`, decided so. */
async function exception(expiresAt: Date | null, state: LifetimeExceptionState) {
  const wish = { accountId: a.accountId, pattern: null, comments: null, expiresAt, now: a.now };
  const { asked } = await base.db.tx((tx) =>
    askExceptions(tx, [{ scope: a.scope, name: 'run' }], wish),
  );
  const [uid] = asked.keys();
  await base.db.tx((tx) => decideException(tx, uid as string, state, a.now));
}
const { APPROVED, REJECTED } = LifetimeExceptionState;

describe('a rule whose end of life has come', () => {
  it('expires after a time of grace, once', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(10) });
    expect(await cut()).toEqual(IDLE);
    a.pass(11);
    expect(await cut()).toMatchObject({ seen: 1 });
    expect((await endOf(id)).end).toEqual(after(DAY));
    a.pass(60);
    expect(await cut()).toEqual(IDLE);
  });

  it('lives as long as an approved exception says', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(10) });
    const later = after(30 * DAY);
    await exception(later, APPROVED);
    a.pass(11);
    expect(await cut()).toMatchObject({ seen: 1 });
    expect(await endOf(id)).toEqual({ eol: later, end: null });
    a.pass(31 * DAY);
    await cut();
    expect((await endOf(id)).end).toEqual(after(DAY));
  });

  it('lives for ever where the exception has no end', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(10) });
    await exception(null, APPROVED);
    a.pass(11);
    await cut();
    expect(await endOf(id)).toEqual({ eol: null, end: null });
  });

  it('gains nothing from an exception that was rejected', async () => {
    const { id } = await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(10) });
    await exception(after(30 * DAY), REJECTED);
    a.pass(11);
    await cut();
    expect((await endOf(id)).end).toEqual(after(DAY));
  });

  it('stays where it is locked, and keeps an end that comes sooner', async () => {
    const locked = await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(1), locked: true });
    await a.data('run', ['f2'], 'A-DISK');
    const soon = await a.rule('f2', { rseExpression: 'A-DISK', eolAt: after(1), lifetime: 60 });
    const end = after(60);
    a.pass(2);
    expect(await cut()).toEqual(IDLE);
    expect((await endOf(locked.id)).end).toBeNull();
    expect((await endOf(soon.id)).end).toEqual(end);
  });
});

it('the undertaker leaves an expired DID that an approved exception lets live', async () => {
  await a.rule('run', { rseExpression: 'A-DISK', eolAt: after(10) });
  await exception(after(10 * DAY), APPROVED);
  await base.db.tx((tx) =>
    execute(tx, sql`UPDATE dids SET expired_at = ${after(5)} WHERE name = 'run'`),
  );

  const left = async () =>
    await base.db.read((tx) => rows(tx, sql`SELECT FROM dids WHERE name = 'run'`));
  a.pass(DAY);
  await a.shift(undertaker(a.config));
  expect(await left()).toHaveLength(1);
  a.pass(10 * DAY);
  await a.shift(undertaker(a.config));
  expect(await left()).toHaveLength(0);
  const wishes = await base.db.read((tx) => rows(tx, sql`SELECT FROM lifetime_exceptions`));
  expect(wishes).toEqual([]);
});
