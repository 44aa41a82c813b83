import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgePhaser } from '../../../src/daemons/judge/phaser.js';
import { rows, sql } from '../../../src/db/index.js';
import { type ChangeSpec } from '../../../src/jobs/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { DAY, days, phase } from '../../support/phases.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeEach(async () => {
  base = await testDatabase();
  a = await works(base.db, { sliceItems: 2 });
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.dataset('run1');
  await a.dataset('run2');
  await a.dataset('plots');
  await a.data('run1', ['f1', 'f2'], 'A-DISK');
  await a.data('run2', ['f3'], 'A-DISK');
  await a.data('plots', ['f4'], 'A-DISK');
  for (const name of ['run1', 'run2', 'plots']) await a.rule(name, { rseExpression: 'B-DISK' });
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const change = (spec: Omit<ChangeSpec, 'ownerId'>, ownerId: number | null = null) =>
  a.order({ kind: 'change', spec: { ...spec, ownerId } });
const wishes = () =>
  base.db.read(async (tx) =>
    (
      await rows<{ text: string }>(
        tx,
        sql`SELECT d.name || ' ' || q.activity || ' ' || q.priority AS text
              FROM requests q JOIN dids d ON d.id = q.did_id ORDER BY 1`,
      )
    ).map(({ text }) => text),
  );

describe('rules that a job changes', () => {
  it('are those that agree with everything said, and their transfers follow', async () => {
    const job = await change({
      rules: {
        name: 'run*',
        state: 'R',
        rseExpression: 'B-DISK',
        scope: 'km3net',
        account: 'shore',
      },
      change: { activity: 5, priority: 4 },
    });
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE change 2/0 of 2');
    expect(await wishes()).toEqual(['f1 5 4', 'f2 5 4', 'f3 5 4', 'f4 0 3']);
  });

  it('are one’s own where one may not change others', async () => {
    const stranger = await a.account('alice');
    const job = await change({ rules: { scope: 'km3net' }, change: { priority: 5 } }, stranger);
    await a.work();
    expect(await a.stateOf(job)).toBe('DONE change 0/0 of 0');
  });

  it('end as before where another is to take their place: a former phase', async () => {
    await a.dataset('later');
    await a.data('later', ['f5'], 'A-DISK');
    const { uid } = await a.rule('later', {
      rseExpression: 'A-DISK',
      phases: [phase('A-DISK', days(1)), phase('B-DISK')],
    });
    a.pass(DAY);
    await a.shift(judgePhaser(a.config));
    await change({ rules: { name: 'later' }, change: { lifetime: 864_000 } });
    await a.work();
    const [former, next] = await base.db.read((tx) =>
      rows<{ uid: string; at: Date }>(
        tx,
        sql`SELECT r.uid, r.expires_at AS at FROM rules r JOIN dids d ON d.id = r.did_id
             WHERE d.name = 'later' ORDER BY r.id`,
      ),
    );
    expect(former?.at).toEqual(a.now);
    expect(next).toEqual({ uid, at: new Date(a.now.getTime() + 864_000_000) });
  });

  it('get other comments and lifetimes too', async () => {
    await change({
      rules: { scope: 'km3net' },
      change: { comment: 'end of the year', lifetime: 60, purgeReplicas: true },
    });
    await a.work();
    const found = await base.db.read((tx) =>
      rows<{ comments: string; purge_replicas: boolean; expires_at: Date }>(
        tx,
        sql`SELECT DISTINCT comments, purge_replicas, expires_at FROM rules`,
      ),
    );
    expect(found).toEqual([
      {
        comments: 'end of the year',
        purge_replicas: true,
        expires_at: new Date(a.now.getTime() + 60_000),
      },
    ]);
  });
});
