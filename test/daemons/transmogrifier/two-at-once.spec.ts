import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rulesTerms } from '../../../src/rules/index.js';
import { serveNewDids } from '../../../src/subscriptions/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { hold, someoneWaits } from '../../support/sessions.js';
import { type Office, office, two } from '../../support/office.js';
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

describe('two transmogrifiers', () => {
  const names = Array.from({ length: 40 }, (_, i) => `run${String(i).padStart(2, '0')}`);
  const terms = () => ({ ...a.config.subscriptions, ...rulesTerms(a.config, a.now) });
  const page = (limit: number) => a.db.tx((tx) => serveNewDids(tx, limit, terms()));

  it('serve different DIDs, each once', async () => {
    await a.disks();
    await a.order('raw', { rules: [two, { copies: 1, rse_expression: 'A-DISK' }] });
    await a.register({ datatype: 'RAW' }, ...names);
    const tallies = await Promise.all([page(15), page(15), page(15), page(15)]);
    expect(tallies.reduce((sum, { seen }) => sum + seen, 0)).toBe(40);
    expect(await a.ruled()).toHaveLength(80);
    expect(await a.news()).toEqual([]);
  });

  it('do nothing twice where one died before it was done', async () => {
    await a.disks();
    await a.order('raw');
    await a.register({ datatype: 'RAW' }, ...names);
    await page(10);
    const death = a.db.tx(async (tx) => {
      expect((await serveNewDids(tx, 10, terms())).rules).toBe(10);
      throw new Error('killed');
    });
    await expect(death).rejects.toThrow('killed');
    expect(await a.ruled()).toHaveLength(10);
    await a.transmogrify();
    await a.say({ is_new: true }, ...names);
    await a.transmogrify();
    expect(await a.ruled()).toEqual(names.map((name) => `${name} 2 type=DISK`));
  });

  it('lose nothing that is said while one of them looks', async () => {
    await a.disks();
    await a.order('own', { filter: { detector: ['ORCA'] } });
    await a.register({}, 'run1');
    const looking = await hold(a.db, async (tx) => {
      expect(await serveNewDids(tx, 10, terms())).toMatchObject({ seen: 1, rules: 0 });
    });
    const said = a.say({ detector: 'ORCA' }, 'run1');
    await someoneWaits(base.url);
    await looking.release();
    await said;
    expect(await a.news()).toEqual(['run1']);
    await a.transmogrify();
    expect(await a.ruled()).toEqual(['run1 2 type=DISK']);
  });
});
