import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { execute, sql } from '../../src/db/index.js';
import { setOpen } from '../../src/dids/index.js';
import { tellClosed } from '../../src/rules/index.js';
import { RuleNotification, RuleGrouping } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { outbox, type OutboxEvent } from '../support/events.js';
import { type Court, court } from '../support/judge.js';

const { YES, NO, CLOSE, PROGRESS } = RuleNotification;
const FILES = Array.from({ length: 10 }, (_, i) => `f${i}`);

let base: TestDatabase;
let a: Court;
let told: () => Promise<OutboxEvent[]>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await a.rse('A-DISK');
  await a.rse('B-DISK');
  await a.dataset('run');
  await a.data('run', FILES, 'A-DISK');
  const all = outbox(base.db);
  told = async () => (await all()).filter(({ type }) => /^RULE|^DATASETLOCK/.test(type));
  await told();
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

/** So many of the transfers that are wished for have arrived. */
async function arrive(count: number): Promise<void> {
  await base.db.tx((tx) =>
    execute(
      tx,
      sql`UPDATE requests SET state = 'D', source_rse_id = 1
           WHERE id IN (SELECT id FROM requests ORDER BY id LIMIT ${count})`,
    ),
  );
  await a.shift(conveyorFinisher(a.config));
}
const close = () =>
  base.db.tx(async (tx) => {
    const { id } = await setOpen(tx, { scope: a.scope, name: 'run' }, false, a.now);
    await tellClosed(tx, id);
  });
const types = async () => (await told()).map(({ type }) => type);

describe('the owner of a rule', () => {
  it('is told nothing who did not ask for it', async () => {
    await a.rule('run', { rseExpression: 'B-DISK', notification: NO });
    await arrive(10);
    expect(await told()).toEqual([]);
  });

  it('is told when the last copy has come, and of each dataset and RSE', async () => {
    const { uid } = await a.rule('run', { rseExpression: 'B-DISK', notification: YES });
    await arrive(9);
    expect(await told()).toEqual([]);
    await arrive(1);
    const named = { scope: 'km3net', name: 'run', rule_id: uid.replaceAll('-', '') };
    expect(await told()).toEqual([
      { type: 'RULE_OK', payload: named },
      {
        type: 'DATASETLOCK_OK',
        payload: { ...named, rse: 'B-DISK', rse_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
  });

  it('is told at once where every copy is there already', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', notification: YES });
    expect(await types()).toEqual(['RULE_OK', 'DATASETLOCK_OK']);
  });

  it('is told of each dataset of a container, and of none where files go each their way', async () => {
    await a.dataset('run2');
    await a.attach('run2', 'f0');
    await a.container('all');
    await a.attach('all', 'run', 'run2');
    await a.rule('all', { rseExpression: 'A-DISK', notification: YES });
    expect(await types()).toEqual(['RULE_OK', 'DATASETLOCK_OK', 'DATASETLOCK_OK']);
    await a.rule('run', {
      rseExpression: 'A-DISK',
      notification: YES,
      grouping: RuleGrouping.NONE,
    });
    expect(await types()).toEqual(['RULE_OK']);
  });

  it('who waits for the closing is told then, and not before', async () => {
    await a.rule('run', { rseExpression: 'A-DISK', notification: CLOSE });
    expect(await told()).toEqual([]);
    await close();
    expect(await types()).toEqual(['RULE_OK', 'DATASETLOCK_OK']);
  });

  it('is told every tenth of the way, of what is closed', async () => {
    await close();
    await a.rule('run', { rseExpression: 'B-DISK', notification: PROGRESS });
    await arrive(3);
    await arrive(6);
    await arrive(1);
    expect((await told()).map(({ type, payload }) => [type, payload['progress']])).toEqual([
      ['RULE_PROGRESS', 30],
      ['RULE_PROGRESS', 90],
      ['RULE_OK', undefined],
      ['RULE_PROGRESS', 100],
    ]);
  });

  it('is not told that a rule is OK because it ends', async () => {
    await a.rule('run', { rseExpression: 'B-DISK', notification: YES, lifetime: 1 });
    a.pass(10);
    await a.shift(judgeCleaner(a.config));
    expect(await told()).toEqual([]);
  });
});
