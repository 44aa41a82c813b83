import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rescuer } from '../../../src/daemons/rescuer.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Crew, type Harbour, harbour } from '../../support/harbour.js';
import { busyBuckets, claimRequests } from '../../../src/requests/index.js';
import { removeRules, rulesTerms } from '../../../src/rules/index.js';

let base: TestDatabase;
let a: Harbour;
let rule: bigint;
let dead: Crew;
let alive: Crew;
beforeEach(async () => {
  base = await testDatabase();
  a = await harbour(base.db);
  await a.quay('A-DISK');
  await a.quay('B-DISK');
  await a.file('f1', 'events', 'A-DISK');
  rule = (await a.rule('f1', { rseExpression: 'B-DISK' })).id;
  dead = a.crew('dead');
  alive = a.crew('alive');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const leaseEnds = () => a.pass(a.config.requests.leaseSeconds + 1);

/** The other worker goes on: the file is there once, by one movement that counts. */
async function finishedBy(crew: Crew, attempts: readonly string[]) {
  await a.settle(crew);
  expect(await a.ruleRow(rule)).toMatchObject({ state: 'O', ok: 1, replicating: 0 });
  expect(a.content('B-DISK', 'f1')).toBe('events');
  expect(a.storage('B-DISK').list()).toHaveLength(1);
  expect((await a.history()).map(({ state }) => state)).toEqual(attempts);
}

describe('a worker that dies', () => {
  it('after its claim: the request is claimed again', async () => {
    const buckets = await base.db.read(busyBuckets);
    await base.db.tx((tx) =>
      claimRequests(
        tx,
        buckets.map((bucket) => ({ ...bucket, slots: 1 })),
        'dead',
        new Date(a.now.getTime() + 300_000),
      ),
    );
    await a.settle(alive);
    expect(await a.requests()).toEqual(['f1@B-DISK G']);
    leaseEnds();
    await finishedBy(alive, ['D']);
  });

  it('while it moves bytes: the attempt is lost, the next one writes elsewhere', async () => {
    const release = a.storage('B-DISK').hold('rename');
    await dead.shift(dead.submitter);
    await a.settle(alive);
    expect(await a.requests()).toEqual(['f1@B-DISK S']);
    leaseEnds();
    await alive.shift(rescuer(a.config));
    expect(await a.requests()).toEqual(['f1@B-DISK L']);
    await alive.shift(alive.finisher);
    await alive.shift(alive.submitter);
    // Each writes under a name of its own; the first one's bytes went before the second one's came.
    const [left] = a.storage('B-DISK').list();
    const replaced = () =>
      a
        .storage('B-DISK')
        .list()
        .every((path) => path !== left);
    while (!replaced() || a.storage('B-DISK').list().length < 1) await new Promise(setImmediate);
    release();
    await dead.moved();
    await alive.moved();
    // The one whose lease ended has nothing to rename any more, and no say.
    expect((await dead.shift(dead.poller)).seen).toBe(0);
    expect(await a.requests()).toEqual(['f1@B-DISK S']);
    await alive.shift(alive.poller);
    await alive.shift(alive.finisher);
    await finishedBy(alive, ['L', 'D']);
  });

  it('after the move, before it could say so: the file is found there, verified', async () => {
    await dead.shift(dead.submitter);
    await dead.moved();
    expect(a.content('B-DISK', 'f1')).toBe('events');
    leaseEnds();
    await finishedBy(alive, ['L', 'D']);
    expect((await a.history()).at(-1)).toMatchObject({ bytesMoved: 0n });
  });

  it('after it has said so: another finisher draws the consequences', async () => {
    await dead.shift(dead.submitter);
    await dead.moved();
    await dead.shift(dead.poller);
    await finishedBy(alive, ['D']);
  });

  it('again and again ends with the cause LOST_WORKER', async () => {
    for (let death = 0; death < a.config.requests.attemptsMax; death++) {
      const victim = a.crew(`victim-${death}`);
      await victim.shift(victim.submitter);
      await victim.moved();
      a.storage('B-DISK').files.clear();
      leaseEnds();
      await alive.shift(rescuer(a.config));
      await alive.shift(alive.finisher);
    }
    expect(await a.stuck()).toMatchObject([{ copy: 'f1@B-DISK', cause: 'LOST_WORKER' }]);
    expect((await a.history()).map(({ state }) => state)).toEqual(['L', 'L', 'L']);
  });
});

describe('a worker that lives', () => {
  it('keeps its lease while bytes move, however long', async () => {
    const release = a.storage('B-DISK').hold('write');
    await alive.shift(alive.submitter);
    for (let minute = 0; minute < 20; minute++) {
      a.pass(60);
      await alive.shift(alive.poller);
      expect((await dead.shift(rescuer(a.config))).seen).toBe(0);
    }
    release();
    await alive.moved();
    await finishedBy(alive, ['D']);
  });

  it('ends a movement whose rule is gone, and leaves nothing of it', async () => {
    const release = a.storage('B-DISK').hold('write');
    await alive.shift(alive.submitter);
    await base.db.tx((tx) =>
      removeRules(tx, [rule], { ...rulesTerms(a.config, a.now), locksMax: 100 }),
    );
    expect(await alive.shift(alive.poller)).toMatchObject({ seen: 0 });
    await alive.moved();
    release();
    expect(a.storage('B-DISK').list()).toEqual([]);
    expect(await a.requests()).toEqual([]);
    expect((await alive.shift(alive.poller)).seen).toBe(0);
  });

  it('that ends gives back what it had under way, and settles what has ended', async () => {
    await a.file('f2', 'more events', 'A-DISK');
    await a.rule('f2', { rseExpression: 'B-DISK' });
    await alive.shift(alive.submitter);
    await alive.moved();
    await a.file('f3', 'most events', 'A-DISK');
    await a.rule('f3', { rseExpression: 'B-DISK' });
    const release = a.storage('B-DISK').hold('write');
    await alive.shift(alive.submitter);
    await alive.stop();
    release();
    expect(await a.requests()).toEqual(['f1@B-DISK D', 'f2@B-DISK D', 'f3@B-DISK Q']);
    await expect(alive.shift(alive.submitter)).rejects.toThrow('this process is ending');
    expect(await a.requests()).toEqual(['f1@B-DISK D', 'f2@B-DISK D', 'f3@B-DISK Q']);
    await a.settle(a.crew('next'));
    expect(a.content('B-DISK', 'f3')).toBe('most events');
    expect(a.storage('B-DISK').list()).toHaveLength(3);
  });

  it('leaves a request alone whose movement it has not begun', async () => {
    await alive.shift(alive.submitter);
    await alive.moved();
    // Another crew under the same name: as the poller sees it between commit and the tool's taking.
    const blind = a.crew('alive');
    expect((await blind.shift(blind.poller)).seen).toBe(0);
    expect(await a.requests()).toEqual(['f1@B-DISK S']);
    await finishedBy(alive, ['D']);
  });
});

describe('two workers', () => {
  it('never move the same file', async () => {
    await Promise.all([dead.shift(dead.submitter), alive.shift(alive.submitter)]);
    await Promise.all([dead.moved(), alive.moved()]);
    const polls = await Promise.all([dead.shift(dead.poller), alive.shift(alive.poller)]);
    expect(polls.map(({ done }) => done).sort()).toEqual([0, 1]);
    await finishedBy(alive, ['D']);
  });
});
