import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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

describe('a rule', () => {
  it('becomes bytes at the other storage, verified', async () => {
    await a.quay('A-DISK');
    await a.quay('B-DISK');
    await a.file('f1', 'events of run 1', 'A-DISK');
    const { id } = await a.rule('f1', { rseExpression: 'B-DISK' });
    const crew = a.crew('one');
    expect(await crew.shift(crew.submitter)).toMatchObject({ seen: 1, done: 1, failed: 0 });
    await crew.moved();
    expect(await crew.shift(crew.poller)).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(await crew.shift(crew.finisher)).toMatchObject({ seen: 1, done: 1, failed: 0 });
    expect(a.content('B-DISK', 'f1')).toBe('events of run 1');
    expect(await a.replicas()).toEqual(['f1@A-DISK A 0', 'f1@B-DISK A 1']);
    expect(await a.locks()).toEqual(['f1@B-DISK O']);
    expect(await a.ruleRow(id)).toMatchObject({ state: 'O', ok: 1, replicating: 0 });
  });
});
