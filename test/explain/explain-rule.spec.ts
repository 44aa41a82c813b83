import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { judgeRepairer } from '../../src/daemons/judge/repairer.js';
import { execute, sql } from '../../src/db/index.js';
import { upsertTransferLimit } from '../../src/requests/index.js';
import { changeRse, findRse } from '../../src/rses/index.js';
import {
  type AddedRule,
  changeRule,
  deleteRule,
  findRule,
  moveRule,
  type RuleChange,
  rulesTerms,
} from '../../src/rules/index.js';
import { record } from '../../src/audit/index.js';
import {
  Cause,
  RequestState,
  RuleState,
  TransferDirection,
  wireId,
} from '../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { office } from './office.js';

let base: TestDatabase;
let a: Court;
let at: ReturnType<typeof office>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  at = office(a);
  for (const name of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(name);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2'], 'A-DISK');
  await at.atWork();
});
afterEach(() => base.close());

const change = (rule: AddedRule, what: RuleChange) =>
  a.db.tx(async (tx) => {
    const held = await findRule(tx, rule.uid, 'wait');
    await changeRule(tx, held, what, rulesTerms(a.config, a.now));
    await record(tx, {
      by: { accountId: a.accountId },
      action: 'rule.change',
      subject: wireId(rule.uid),
      change: { ...what },
    });
    await execute(tx, sql`UPDATE audit SET created_at = ${a.now}`);
  });
const closeFor = (rse: string, traits: object) =>
  a.db.tx(async (tx) => changeRse(tx, await findRse(tx, rse), traits));

describe('a rule that is OK', () => {
  it('says what it holds, that it has no end, and whose last copies it protects', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    const { state, summary, lines, groups, remedies } = await at.rule(rule);
    expect(state).toBe('OK');
    expect(summary).toBe('OK: 2 copies held at A-DISK (2 files, 200 B)');
    expect(lines).toEqual([
      'It has no end',
      '2 of 2 files are held by no other rule: if it were deleted their copies may be deleted, at once where the RSE is greedy, else when it needs the space',
      'Of 2 files all good copies are held by this rule alone: they are the last ones',
    ]);
    expect(groups).toEqual([]);
    expect(remedies).toEqual([]);
  });

  it('says when it ends, and how to take that back', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK', lifetime: 3600 });
    const { lines, remedies } = await at.rule(rule);
    expect(lines[0]).toBe('It ends at 13:00 UTC');
    expect(remedies).toEqual([
      expect.objectContaining({
        method: 'PUT',
        path: `/rules/${wireId(rule.uid)}`,
        body: { options: { lifetime: null } },
        command: `rucio rule update ${wireId(rule.uid)} --lifetime None`,
      }),
    ]);
  });

  it('that has ended waits for the cleaner', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    await a.db.tx(async (tx) =>
      deleteRule(tx, await findRule(tx, rule.uid, 'wait'), { now: a.now, deleteGraceSeconds: 60 }),
    );
    a.pass(120);
    const { lines, next } = await at.rule(rule);
    expect(lines[0]).toBe('It ended at 12:01 UTC: the judge takes its locks');
    expect(next).toEqual(['The cleaner releases its locks and keeps the rule in the history']);
  });

  it('that stands in the history only says when it ended, and how it comes back', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK', lifetime: 60, comment: 'a test' });
    a.pass(120);
    await a.shift(judgeCleaner(a.config));
    const { state, summary, lines, remedies } = await at.rule(rule);
    expect(state).toBe('ENDED');
    expect(summary).toBe(
      'It ended at 12:02 UTC, as OK: 1 copy on A-DISK; it holds nothing any more',
    );
    expect(lines).toEqual(['Its comment: a test']);
    expect(remedies).toEqual([
      expect.objectContaining({ method: 'POST', path: `/rules/${wireId(rule.uid)}/restore` }),
    ]);
  });

  it('that a subscription made says which', async () => {
    const uid = '01234567-89ab-4def-8123-456789abcdef';
    await a.db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO subscriptions (uid, name, account_id, state, filter, replication_rules)
            VALUES (${uid}, 'raw-data', ${a.accountId}, 'A', '{}', '[]')`,
      ),
    );
    const rule = await a.rule('run', { rseExpression: 'A-DISK', subscriptionUid: uid });
    expect((await at.rule(rule)).lines).toContain(
      'It was made for the subscription raw-data of shore',
    );
  });

  it('that somebody else holds too says so', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    await a.rule('run', { rseExpression: 'A-DISK|B-DISK' });
    expect((await at.rule(rule)).lines).toContain(
      'Other rules hold all its files too (of 2 files)',
    );
  });
});

describe('a rule that replicates', () => {
  it('tells its place in the queue, and the limit that holds it', async () => {
    await a.dataset('first');
    await a.data('first', ['g1', 'g2', 'g3'], 'A-DISK');
    await a.rule('first', { rseExpression: 'B-DISK' });
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    const key = {
      rseExpression: 'B-DISK',
      activity: null,
      direction: TransferDirection.DESTINATION,
    };
    const rest = { volume: null, deadline: null, strategy: null, transfers: null, waitings: null };
    await a.db.tx((tx) => upsertTransferLimit(tx, key, { maxTransfers: 0, ...rest }));
    const { summary, groups } = await at.rule(rule);
    expect(summary).toBe('REPLICATING: 0 of 2 copies there; 2 on their way');
    expect(groups).toEqual([
      expect.objectContaining({
        standing: 'queued',
        files: 2n,
        bytes: 200n,
        destination: 'B-DISK',
        examples: ['km3net:f1', 'km3net:f2'],
        sentence:
          "2 files (200 B) queued for B-DISK, activity 'User Subscriptions'; 3 requests before them; the transfer limit of 0 to 'B-DISK' is reached",
        next: 'begins them, highest priority first, as soon as a place is free',
      }),
    ]);
    expect(groups[0]?.remedies.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      {
        method: 'PUT',
        path: '/requests/transfer_limits',
        body: {
          rse_expression: 'B-DISK',
          activity: 'all_activities',
          direction: 'DESTINATION',
          max_transfers: 1,
        },
      },
      { method: 'PUT', path: `/rules/${wireId(rule.uid)}`, body: { options: { priority: 5 } } },
    ]);
  });

  it('tells what is under way, what waits and what is being settled', async () => {
    await a.data('run', ['f3'], 'A-DISK');
    const rule = await a.rule('run', { rseExpression: 'B-DISK', copies: 1 });
    const source = await a.db.read((tx) => findRse(tx, 'A-DISK'));
    const one = (name: string) => sql`did_id = (SELECT id FROM dids WHERE name = ${name})`;
    const set = (name: string, state: string, more: ReturnType<typeof sql>) =>
      at.write(
        'B-DISK',
        sql`state = CASE WHEN ${one(name)} THEN ${state}::"char" ELSE state END, ${more}`,
      );
    await set(
      'f1',
      RequestState.SUBMITTED,
      sql`source_rse_id = CASE WHEN ${one('f1')} THEN ${source.id}::int ELSE source_rse_id END`,
    );
    const due = new Date(a.now.getTime() + 600_000);
    await set(
      'f2',
      RequestState.WAITING,
      sql`due_at = CASE WHEN ${one('f2')} THEN ${due}::timestamptz END,
      cause = CASE WHEN ${one('f2')} THEN ${Cause.TIMEOUT} END, attempt = CASE WHEN ${one('f2')} THEN 1 ELSE 0 END`,
    );
    await set('f3', RequestState.DONE, sql`finished_at = ${a.now}::timestamptz`);
    const { groups } = await at.rule(rule);
    expect(groups.map(({ sentence }) => sentence)).toEqual([
      '1 file: no answer in time between the source and B-DISK; 1 source; attempt 2 of 3; retry at 12:10 UTC',
      '1 file (100 B) on the way from A-DISK to B-DISK',
      '1 file (100 B) moved to B-DISK, being settled',
    ]);
  });

  it('says that nobody does the work', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    a.pass(3600);
    const { lines } = await at.rule(rule);
    expect(lines).toEqual([
      "conveyor-submitter was heard of last at 12:00 UTC: start it by 'sluice serve --roles conveyor-submitter'",
    ]);
  });

  it('with a copy that went bad waits for the necromancer', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    await a.copies('C-DISK', ['f1']);
    await a.declareBad('A-DISK', 'f1');
    const { groups } = await at.rule(rule);
    expect(groups).toEqual([
      expect.objectContaining({
        sentence: '1 file: the copy at A-DISK is bad and is to be replaced',
        next: 'copies a good one over the bad one, as many a day as replicas.recoveryDailyMax says',
      }),
    ]);
  });
});

describe('a rule that is stuck', () => {
  it('groups by cause, source and destination, and says who can do what', async () => {
    await a.copies('C-DISK', ['f1', 'f2']);
    await a.rse('D-DISK');
    const rule = await a.rule('run', { rseExpression: 'B-DISK|D-DISK', copies: 2 });
    await at.fail('B-DISK', ['f1', 'f2'], { cause: Cause.SOURCE_CHECKSUM, source: 'A-DISK' });
    await at.fail('D-DISK', ['f1'], { cause: Cause.DEST_FULL, error: 'disk quota exceeded' });
    const { summary, groups, next } = await at.rule(rule);
    expect(summary).toBe('STUCK since 12:00 UTC: 3 stuck, 1 on their way; 0 of 4 copies there');
    expect(groups.map(({ sentence }) => sentence)).toEqual([
      '2 files: checksum mismatch at A-DISK; 1 other source; retry at 14:00 UTC',
      '1 file: no space left at D-DISK; 2 sources; retry at 14:00 UTC',
      "1 file (100 B) queued for D-DISK, activity 'User Subscriptions'; none before them",
    ]);
    expect(groups[1]).toMatchObject({
      cause: 'DEST_FULL',
      error: 'disk quota exceeded',
      attempts: 1,
    });
    expect(groups[0]?.remedies.map(({ path }) => path)).toEqual([
      '/replicas/bad',
      `/rules/${wireId(rule.uid)}`,
    ]);
    expect(next[1]).toBe('If it is still stuck at 2026-12-05 12:00 UTC, it is suspended');
  });

  it.each([
    [{ onStuck: 'retry' }, ['Its policy has it tried again without end']],
    [
      { onStuck: 'suspend', attempts: 3, afterSeconds: 7200 },
      [
        'If it is still stuck after 3 repairs (0 so far) or at 14:00 UTC, it is suspended: its policy says so',
      ],
    ],
    [
      { onStuck: 'alert' },
      [
        'Its policy has the owner told at once',
        'If it is still stuck at 2026-12-05 12:00 UTC, it is suspended',
      ],
    ],
    [
      { onStuck: 'elsewhere', attempts: 2 },
      [
        'Its policy has a copy that failed 2 times made at another RSE of the expression',
        'If it is still stuck at 2026-12-05 12:00 UTC, it is suspended',
      ],
    ],
  ] as const)('says what its policy %j comes to', async (policy, steps) => {
    const repairPolicy = { attempts: null, afterSeconds: null, drift: 'keep', ...policy } as const;
    const rule = await a.rule('run', { rseExpression: 'B-DISK', repairPolicy });
    await at.fail('B-DISK', ['f1', 'f2'], { cause: Cause.DEST_FULL });
    expect((await at.rule(rule)).next).toEqual(['The repairer looks at it now', ...steps]);
  });

  it('says that a source was declared bad', async () => {
    await a.copies('C-DISK', ['f1']);
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await at.fail('B-DISK', ['f1'], { cause: Cause.SOURCE_CHECKSUM, source: 'A-DISK' });
    await a.declareBad('A-DISK', 'f1');
    const [group] = (await at.rule(rule)).groups;
    expect(group?.sentence).toBe(
      '1 file: checksum mismatch at A-DISK; 1 other source; declared bad; retry at 14:00 UTC',
    );
  });

  it('for want of readable sources names the RSE to open', async () => {
    await closeFor('A-DISK', { availabilityRead: false });
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await at.fail('B-DISK', ['f1', 'f2'], { cause: Cause.NO_SOURCE });
    const [group] = (await at.rule(rule)).groups;
    expect(group?.sentence).toBe('2 files: no copy that can be read; retry at 14:00 UTC');
    expect(group?.remedies[0]).toMatchObject({
      what: 'open A-DISK for reading',
      who: 'admin',
      method: 'PUT',
      path: '/rses/A-DISK',
      body: { availability_read: true },
    });
  });

  it('because it could not be placed says why and when it is tried again', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK', delayInjection: 1 });
    await closeFor('B-DISK', { availabilityWrite: false });
    a.pass(60);
    const { judgeInjector } = await import('../../src/daemons/judge/injector.js');
    await a.shift(judgeInjector(a.config));
    const { summary, lines, remedies } = await at.rule(rule);
    expect(summary).toBe(
      "STUCK since 12:01 UTC: No RSE of 'B-DISK' can be written now: B-DISK; 0 of 0 copies there",
    );
    expect(lines[0]).toBe('Its copies could not be placed; the next try is at 14:01 UTC');
    expect(remedies[0]).toMatchObject({ path: '/rses/B-DISK', body: { availability_write: true } });
  });

  it('beyond its time is suspended by the judge, and says so', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await at.fail('B-DISK', ['f1'], { cause: Cause.DEST_FULL, error: 'no space' });
    a.pass(15 * 86_400);
    await a.shift(judgeRepairer(a.config));
    const { state, lines, remedies } = await at.rule(rule);
    expect(state).toBe('SUSPENDED');
    expect(lines[0]).toBe(
      'It was suspended by the judge: stuck since 2026-11-21 12:00 UTC, longer than 14 days (rules.suspendAfterSeconds); no space',
    );
    expect(remedies[0]).toMatchObject({ body: { options: { state: 'STUCK' } } });
  });
});

describe('a rule that rests', () => {
  it('suspended by somebody says who, and how to resume it', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK' });
    await change(rule, { state: RuleState.SUSPENDED });
    const { summary, lines, remedies, next } = await at.rule(rule);
    expect(summary).toBe('SUSPENDED: nobody works on it; 0 of 2 copies there');
    expect(lines[0]).toMatch(/^shore suspended it at/);
    expect(next[0]).toBe(
      'Nothing, until somebody resumes it; transfers that are in the queue go on',
    );
    expect(remedies[0]).toMatchObject({ command: `rucio rule update ${wireId(rule.uid)} --stuck` });
  });

  it('waiting for approval says who may approve it', async () => {
    const rule = await a.rule('run', { rseExpression: 'B-DISK', askApproval: true });
    const { summary, remedies } = await at.rule(rule);
    expect(summary).toMatch(/^WAITING_APPROVAL since 12:00 UTC: .* may approve it$/);
    expect(remedies.slice(0, 2)).toEqual([
      expect.objectContaining({ who: 'admin', body: { options: { approve: true } } }),
      expect.objectContaining({
        who: 'admin',
        body: { options: { approve: false, comment: 'why not' } },
      }),
    ]);
  });

  it('to be injected says when, or how many rules are before it', async () => {
    const later = await a.rule('run', { rseExpression: 'B-DISK', delayInjection: 3600 });
    expect((await at.rule(later)).summary).toBe('INJECT: it is placed not before 13:00 UTC');
    await a.rule('run', { rseExpression: 'A-DISK', asynchronous: true });
    const second = await a.rule('run', { rseExpression: 'C-DISK', asynchronous: true });
    expect((await at.rule(second)).summary).toBe(
      'INJECT: it waits for the injector, 1 rule before it',
    );
  });

  it('moved elsewhere waits for its child, and the child knows its parent', async () => {
    const rule = await a.rule('run', { rseExpression: 'A-DISK' });
    const child = await a.db.tx(async (tx) =>
      moveRule(
        tx,
        await findRule(tx, rule.uid, 'wait'),
        { rseExpression: 'B-DISK', override: {} },
        rulesTerms(a.config, a.now),
      ),
    );
    const { lines, remedies } = await at.rule(rule);
    expect(lines.slice(0, 2)).toEqual([
      `Rule ${wireId(child.uid)} takes its place when that is OK; it is REPLICATING (0 of 2 copies)`,
      'It should have ended at 12:00 UTC, and waits for its child',
    ]);
    expect(remedies[0]).toMatchObject({ body: { options: { child_rule_id: null } } });
    expect((await at.rule(child)).lines).toContain(
      `Rule ${wireId(rule.uid)} waits for this one to be OK, and then ends`,
    );
  });

  it('whose expression names nothing any more says so', async () => {
    const rule = await a.rule('run', { rseExpression: 'C-DISK' });
    await closeFor('C-DISK', { name: 'D-DISK' });
    expect((await at.rule(rule)).lines).toContain(
      "Nothing can be placed: 'C-DISK' names no storage element now",
    );
  });
});
