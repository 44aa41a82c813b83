import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { judgeDrifter } from '../../../src/daemons/judge/drifter.js';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { judgeEvaluator } from '../../../src/daemons/judge/evaluator.js';
import { judgeInjector } from '../../../src/daemons/judge/injector.js';
import { judgePhaser } from '../../../src/daemons/judge/phaser.js';
import { judgeRepairer } from '../../../src/daemons/judge/repairer.js';
import { execute, one, sql } from '../../../src/db/index.js';
import { Cause } from '../../../src/vocabulary/index.js';
import { allRemedies, kindsOfRemedies, shapeOf } from './all-remedies.js';
import { type Remedy, stage, type Stage } from './stage.js';

let on: Stage;
beforeAll(async () => {
  on = await stage();
});
afterAll(() => on.api.close());

const ruleOf = async (id: string) =>
  (await on.alice('GET', `/rules/${id}`)).body as Record<string, unknown>;
const write = (statement: ReturnType<typeof sql>) => on.api.db.tx((tx) => execute(tx, statement));
describe('a rule that is stuck', () => {
  it('tries its files again, now and not in two hours', async () => {
    await on.dataset('again', ['again.1', 'again.2'], 'A-DISK');
    const id = await on.rule('again', 'B-DISK');
    await on.fail('B-DISK', Cause.DEST_FULL);
    await on.work(judgeRepairer);
    expect(await on.locks(id)).toEqual(['B-DISK STUCK']);
    await on.mend(`/rules/${id}`, 'try the stuck files again now');
    await on.work(judgeRepairer);
    expect(await on.locks(id)).toEqual(['B-DISK REPLICATING']);
  });

  it('moves away from the RSE that fails it', async () => {
    await on.dataset('away', ['away.1'], 'A-DISK');
    const id = await on.rule('away', 'B-DISK|C-DISK');
    const [lock = ''] = await on.locks(id);
    const [rse = ''] = lock.split(' ');
    await on.fail(rse, Cause.DEST_FULL);
    await on.mend(`/rules/${id}`, `move the rule away from ${rse}`);
    const { child_rule_id: child } = await ruleOf(id);
    const [other = ''] = await on.locks(String(child));
    expect(other).not.toContain(rse);
    expect(other).toMatch(/REPLICATING$/);
  });

  it('keeps its placement when it moves away', async () => {
    for (const [rse, land] of Object.entries({ 'A-DISK': 'x', 'B-DISK': 'y', 'C-DISK': 'z' }))
      await on.api.root('POST', `/rses/${rse}/attr/land`, { value: land });
    await on.dataset('placed', ['placed.1'], 'A-DISK');
    const id = await on.rule('placed', 'A-DISK:1;B-DISK|C-DISK:1;distinct=land', { copies: 2 });
    const lock = (await on.locks(id)).find((it) => it.endsWith('REPLICATING')) ?? '';
    const [rse = ''] = lock.split(' ');
    await on.fail(rse, Cause.DEST_FULL);
    await on.mend(`/rules/${id}`, `move the rule away from ${rse}`);
    const { child_rule_id: child } = await ruleOf(id);
    expect((await on.locks(String(child))).join()).not.toContain(rse);
    expect(await ruleOf(String(child))).toMatchObject({
      copies: 2,
      placement: { distinct: ['land'] },
    });
  });

  it('is not told to move where no other RSE would do', async () => {
    await on.dataset('cornered', ['cornered.1'], 'A-DISK');
    const id = await on.rule('cornered', 'A-DISK:1;B-DISK:1;distinct=land', { copies: 2 });
    await on.fail('B-DISK', Cause.DEST_FULL);
    const { groups } = await on.explain(`/rules/${id}`);
    expect(groups[0]?.remedies.map(({ what }) => what)).toEqual(['try the stuck files again now']);
  });

  it('may take copies from anywhere', async () => {
    await on.dataset('anywhere', ['anywhere.1'], 'A-DISK');
    const id = await on.rule('anywhere', 'B-DISK', { source_replica_expression: 'C-DISK' });
    expect(await on.locks(id)).toEqual(['B-DISK STUCK']);
    await on.mend(`/rules/${id}`, 'let it take copies from anywhere');
    await on.work(judgeRepairer);
    expect(await on.locks(id)).toEqual(['B-DISK REPLICATING']);
  });

  it('has its bad source declared, and its lost files given up', async () => {
    const files = Array.from({ length: 23 }, (_, at) => `lost.${at + 10}`);
    await on.dataset('lost', files, 'A-DISK');
    const id = await on.rule('lost', 'B-DISK');
    await on.fail('B-DISK', Cause.SOURCE_SIZE);
    await on.mend(`/rules/${id}`, 'declare the first 20 of these 23 copies bad');
    expect(await on.copy('lost.10', 'A-DISK')).toMatchObject({ state: 'D' });
    await write(sql`UPDATE stuck_locks SET cause = 'FILE_LOST' WHERE did_id IN (
      SELECT b.did_id FROM bad_replicas b)`);
    await on.mend(`/rules/${id}`, 'give up these files: out of lab:lost');
    await on.work(judgeEvaluator);
    const left = (await on.alice('GET', `/rules/${id}/locks`)).body as unknown[];
    expect(left).toHaveLength(3);
  });

  it('for want of a readable source has it opened', async () => {
    await on.dataset('shut', ['shut.1'], 'C-DISK');
    await on.api.root('PUT', '/rses/C-DISK', { availability_read: false });
    const id = await on.rule('shut', 'B-DISK');
    await on.fail('B-DISK', Cause.NO_SOURCE);
    await on.mend(`/rules/${id}`, 'open C-DISK for reading');
    expect((await on.explain('/rses/C-DISK')).state).toBe('OPEN');
  });
});

describe('a rule that rests', () => {
  it('is resumed, and nothing is said to be tried before', async () => {
    await on.dataset('rest', ['rest.1'], 'A-DISK');
    const id = await on.rule('rest', 'B-DISK');
    await on.fail('B-DISK', Cause.DEST_FULL);
    await on.alice('PUT', `/rules/${id}`, { options: { state: 'SUSPENDED' } });
    const { groups, remedies } = await on.explain(`/rules/${id}`);
    expect(groups).toMatchObject([
      {
        sentence: '1 file: no space left at B-DISK; 1 source',
        next: 'nothing, until somebody resumes the rule',
        next_try: null,
        remedies: [],
      },
    ]);
    expect(remedies[0]?.what).toMatch(/^resume the rule/);
    await on.mend(`/rules/${id}`, 'resume the rule');
    await write(sql`UPDATE stuck_locks SET next_try_at = now() - interval '1 second'`);
    await on.work(judgeRepairer);
    expect(await on.locks(id)).toEqual(['B-DISK REPLICATING']);
  });

  it('is approved, or denied', async () => {
    await on.dataset('asked', ['asked.1'], 'A-DISK');
    const id = await on.rule('asked', 'A-DISK', { ask_approval: true });
    await on.mend(`/rules/${id}`, 'approve the rule');
    await on.work(judgeInjector);
    expect(await on.state(id)).toBe('OK');
    const other = await on.rule('asked', 'B-DISK', { ask_approval: true });
    await on.mend(`/rules/${other}`, 'deny the rule');
    expect((await on.alice('GET', `/rules/${other}`)).status).toBe(404);
  });

  it('is unlocked, and kept for ever', async () => {
    await on.dataset('locked', ['locked.1'], 'A-DISK');
    const id = await on.rule('locked', 'A-DISK', { lifetime: 3600 });
    await on.api.root('PUT', `/rules/${id}`, { options: { locked: true } });
    await on.mend(`/rules/${id}`, 'unlock the rule');
    expect(await ruleOf(id)).toMatchObject({ locked: false });
    await on.mend(`/rules/${id}`, 'take the end back');
    expect(await ruleOf(id)).toMatchObject({ expires_at: null });
  });

  it('stays in its phase', async () => {
    await on.dataset('phased', ['phased.1'], 'A-DISK');
    const phases = [
      { for: '30d', rse_expression: 'A-DISK', copies: 1 },
      { rse_expression: 'B-DISK', copies: 1 },
    ];
    const id = await on.rule('phased', 'A-DISK', { phases });
    await on.mend(`/rules/${id}`, 'stay in this phase');
    expect((await on.explain(`/rules/${id}`)).lines.join()).not.toMatch(/then/);
  });

  it('is not told to be changed where it is what is left of a phase', async () => {
    await on.dataset('over', ['over.1'], 'A-DISK');
    const phases = [
      { for: '1d', rse_expression: 'C-DISK', copies: 1 },
      { rse_expression: 'B-DISK', copies: 1 },
    ];
    await on.rule('over', 'C-DISK', { phases });
    await write(sql`UPDATE rules SET phase_look_at = now() - interval '1 s',
      phases = jsonb_set(phases, '{0,since}', '"2026-01-01T00:00:00.000Z"') WHERE phase IS NOT NULL AND phases IS NOT NULL`);
    await on.work(judgePhaser);
    const former = await on.api.db.read((tx) =>
      one<{ id: string }>(
        tx,
        sql`SELECT replace(uid::text, '-', '') AS id FROM rules WHERE phase_of IS NOT NULL`,
      ),
    );
    const queued = await on.explain(`/rules/${former?.id ?? ''}`);
    expect(queued.lines.join()).toMatch(/It is what is left of phase 1/);
    expect(queued.groups).toMatchObject([{ standing: 'queued', remedies: [] }]);
    expect(queued.remedies).toEqual([]);
    await on.fail('C-DISK', Cause.DEST_FULL);
    const stuck = await on.explain(`/rules/${former?.id ?? ''}`);
    expect(stuck.groups).toMatchObject([{ standing: 'stuck', remedies: [] }]);
  });

  it('does not wait for its child any more', async () => {
    await on.dataset('parent', ['parent.1'], 'A-DISK');
    const id = await on.rule('parent', 'A-DISK');
    await on.alice('POST', `/rules/${id}/move`, { rse_expression: 'B-DISK' });
    await on.mend(`/rules/${id}`, 'keep this rule');
    expect(await ruleOf(id)).toMatchObject({ child_rule_id: null, expires_at: null });
  });

  it('is not told to end while it waits for a child, which would be refused', async () => {
    await on.dataset('heir', ['heir.1'], 'A-DISK');
    const id = await on.rule('heir', 'B-DISK');
    const child = await on.rule('heir', 'C-DISK');
    await on.alice('PUT', `/rules/${id}`, { options: { child_rule_id: child } });
    const { remedies } = await on.explain(`/rules/${id}`);
    expect(remedies.map(({ what }) => what)).toEqual([expect.stringMatching(/^keep this rule/)]);
  });

  it('is given up while it is not there, and comes back', async () => {
    await on.dataset('ended', ['ended.1'], 'A-DISK');
    const id = await on.rule('ended', 'B-DISK|A-DISK');
    const other = await on.rule('ended', 'C-DISK');
    await on.mend(`/rules/${other}`, 'give the rule up');
    expect((await ruleOf(other))['expires_at']).not.toBeNull();
    await on.alice('PUT', `/rules/${id}`, { options: { lifetime: -1 } });
    await on.work(judgeCleaner);
    await on.mend(`/rules/${id}`, 'bring the rule back');
    expect(await on.state(id)).toBe('OK');
  });

  it('has its drifted copies placed anew', async () => {
    await on.api.root('POST', '/rses/A-DISK/attr/tier', { value: '1' });
    await on.dataset('drift', ['drift.1'], 'A-DISK');
    const id = await on.rule('drift', 'tier=1');
    await on.api.root('POST', '/rses/B-DISK/attr/tier', { value: '1' });
    await on.api.root('DELETE', '/rses/A-DISK/attr/tier');
    await on.work(judgeDrifter);
    await on.mend(`/rules/${id}`, 'place the drifted copies anew');
    await on.work(judgeDrifter);
    expect(await on.locks(id)).toEqual(['A-DISK OK', 'B-DISK REPLICATING']);
  });
});

describe('a rule that could not be placed', () => {
  const unplaced = async (name: string, harm: () => Promise<unknown>) => {
    await on.dataset(name, [`${name}.1`, `${name}.2`], 'A-DISK');
    await harm();
    const id = await on.rule(name, 'B-DISK', { asynchronous: true });
    await on.work(judgeInjector);
    expect(await on.state(id)).toBe('STUCK');
    return id;
  };
  const again = async (id: string) => {
    await on.mend(`/rules/${id}`, 'try the stuck files again now');
    await on.work(judgeRepairer, judgeInjector);
    return await on.state(id);
  };
  const used = async () => {
    const { body } = await on.alice('GET', '/accounts/alice/usage/local/B-DISK');
    return (body as { bytes: number }[])[0]?.bytes ?? 0;
  };

  it('gets the quota that it lacks, however much is used already', async () => {
    const id = await unplaced('poor', async () =>
      on.api.root('POST', '/accounts/alice/limits/local/B-DISK', { bytes: (await used()) + 5 }),
    );
    const limit = await on.mend(`/rules/${id}`, 'let alice have');
    expect((limit.body as { bytes: number }).bytes).toBeGreaterThan(await used());
    expect(await again(id)).toBe('REPLICATING');
    await on.api.root('POST', '/accounts/alice/limits/local/B-DISK', { bytes: 100_000 });
  });

  it('gets it over an expression too', async () => {
    const id = await unplaced('globally-poor', async () =>
      on.api.root('POST', '/accounts/alice/limits/global/B-DISK%7CC-DISK', { bytes: 1 }),
    );
    await on.mend(`/rules/${id}`, 'let alice have');
    expect(await again(id)).toBe('REPLICATING');
    await on.api.root('DELETE', '/accounts/alice/limits/global/B-DISK%7CC-DISK');
  });

  it('gets space at the RSE', async () => {
    const id = await unplaced('cramped', async () =>
      on.api.root('PUT', '/rses/B-DISK/limits', { name: 'MaxSpaceAvailable', value: 1 }),
    );
    await on.mend(`/rules/${id}`, 'allow more space at B-DISK');
    expect(await again(id)).toBe('REPLICATING');
    await on.api.root('DELETE', '/rses/B-DISK/limits', { name: 'MaxSpaceAvailable' });
  });

  it('has the RSE opened for writing', async () => {
    await on.dataset('closed', ['closed.1'], 'A-DISK');
    const id = await on.rule('closed', 'B-DISK', { asynchronous: true });
    await on.api.root('PUT', '/rses/B-DISK', { availability_write: false });
    await on.work(judgeInjector);
    await on.mend(`/rules/${id}`, 'open B-DISK for writing');
    expect(await again(id)).toBe('REPLICATING');
  });
});

describe('a transfer', () => {
  it('goes before others, and a limit lets more of them go at once', async () => {
    await on.dataset('held', ['held.1'], 'A-DISK');
    const id = await on.rule('held', 'B-DISK');
    const limit = { rse_expression: 'B-DISK', activity: 'all_activities' };
    const given = { ...limit, direction: 'DESTINATION', max_transfers: 0 };
    await on.api.root('PUT', '/requests/transfer_limits', given);
    await on.mend(`/rules/${id}`, 'allow 1 transfers at once to B-DISK');
    const request = await on.request('held.1');
    expect((await on.explain(`/requests/${request}`)).summary).not.toMatch(/limit/);
    await on.mend(`/requests/${request}`, 'put its requests before');
    expect(await ruleOf(id)).toMatchObject({ priority: 5 });
  });

  it('waits for a place at its source, of which there may be more', async () => {
    await on.dataset('sourced', ['sourced.1'], 'A-DISK');
    await on.rule('sourced', 'B-DISK');
    const limit = { rse_expression: 'A-DISK', activity: 'all_activities' };
    const given = { ...limit, direction: 'SOURCE', max_transfers: 3 };
    await on.api.root('PUT', '/requests/transfer_limits', given);
    const request = await on.request('sourced.1');
    const waits = (cause: Cause) =>
      write(sql`UPDATE requests SET state = 'W', cause = ${cause}, due_at = now() + interval '1 minute'
                 WHERE did_id = (SELECT id FROM dids WHERE name = 'sourced.1')`);
    await waits(Cause.TIMEOUT);
    const { remedies } = await on.explain(`/requests/${request}`);
    expect(remedies.map(({ what }) => what).join()).not.toMatch(/transfers at once/);
    await waits(Cause.SOURCE_LIMIT);
    await on.mend(`/requests/${request}`, 'allow 6 transfers at once from A-DISK');
  });

  it('to an RSE that is closed says what becomes of it', async () => {
    await on.dataset('blocked', ['blocked.1'], 'A-DISK');
    await on.rule('blocked', 'C-DISK');
    await on.api.root('PUT', '/rses/C-DISK', { availability_write: false });
    const path = `/requests/${await on.request('blocked.1')}`;
    expect((await on.explain(path)).next).toEqual([
      'The submitter gives it up with NOT_WRITABLE, unless the RSE is open by then',
    ]);
    await on.mend(path, 'open C-DISK for writing');
    expect((await on.explain(path)).next[0]).toMatch(/copies from A-DISK$/);
  });
});

describe('a copy and a DID', () => {
  const path = (name: string, rse: string) => `/replicas/lab/${name}/${rse}`;
  const put = (name: string, rse: string, state = 'A') =>
    on.api.root('POST', '/replicas', {
      rse,
      files: [{ scope: 'lab', name, bytes: 10, adler32: '00000001', state }],
    });

  it('is kept by a rule, or let go', async () => {
    await put('loose', 'C-DISK');
    await on.mend(path('loose', 'C-DISK'), 'let the copy be deleted now');
    expect((await on.copy('loose', 'C-DISK'))?.tombstone).toEqual(new Date(0));
    const told = (await on.explain(path('loose', 'C-DISK'))).remedies.map(({ what }) => what);
    expect(told.join()).not.toMatch(/let the copy/);
    await on.mend(path('loose', 'C-DISK'), 'keep it');
    expect((await on.copy('loose', 'C-DISK'))?.tombstone).toBeNull();
  });

  it('is not said to go where the last copy is kept, nor kept by a rule where none may be', async () => {
    await put('last', 'C-DISK');
    await on.api.root('POST', '/rses/C-DISK/attr/keep_last_copy', { value: true });
    await on.api.root('PUT', '/rses/C-DISK', { availability_write: false });
    const { remedies } = await on.explain(path('last', 'C-DISK'));
    expect(remedies.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^declare the copy bad/),
    ]);
    await on.api.root('PUT', '/rses/C-DISK', { availability_write: true });
    await on.api.root('DELETE', '/rses/C-DISK/attr/keep_last_copy');
  });

  it('is said to be there, or declared bad', async () => {
    await put('begun', 'C-DISK', 'C');
    await on.mend(path('begun', 'C-DISK'), 'say that it is there');
    expect((await on.copy('begun', 'C-DISK'))?.state).toBe('A');
    await on.mend(path('begun', 'C-DISK'), 'declare the copy bad');
    expect((await on.copy('begun', 'C-DISK'))?.state).toBe('D');
  });

  it('goes where deletions are allowed again', async () => {
    await put('stays', 'B-DISK');
    await on.api.root('PUT', '/rses/B-DISK', { availability_delete: false });
    await on.mend(path('stays', 'B-DISK'), 'allow deletions at B-DISK');
    expect((await on.explain('/rses/B-DISK')).state).toBe('OPEN');
  });

  it('whose lock is stuck is tried again', async () => {
    await on.dataset('halted', ['halted.1'], 'A-DISK');
    const id = await on.rule('halted', 'B-DISK');
    await on.fail('B-DISK', Cause.DEST_FULL);
    await on.mend(path('halted.1', 'B-DISK'), 'try the stuck files again now');
    await on.work(judgeRepairer);
    expect(await on.locks(id)).toEqual(['B-DISK REPLICATING']);
  });

  it('does not expire', async () => {
    await on.api.root('POST', '/dids/lab/short', { type: 'DATASET', lifetime: 3600 });
    await on.mend('/dids/lab/short', 'take its end back');
    expect((await on.explain('/dids/lab/short')).lines.join()).not.toMatch(/expires/);
  });
});

describe('an account', () => {
  it('that is full has more room, here and over an expression', async () => {
    await on.api.root('POST', '/accounts/alice/limits/local/C-DISK', { bytes: 0 });
    await on.api.root('POST', '/accounts/alice/limits/global/A-DISK', { bytes: 1 });
    await on.mend('/accounts/alice', "let alice have 1000000000 bytes at 'A-DISK' together");
    await on.mend('/accounts/alice', 'let alice have 1000000000 bytes at C-DISK');
    const { lines, next } = await on.explain('/accounts/alice');
    expect(lines.join()).not.toMatch(/full/);
    expect(next).toContainEqual(
      expect.stringMatching(/^The repairer looks at the rules in STUCK, the first (now|at)/),
    );
  });

  it('that is suspended is one again', async () => {
    await on.api.person('carol');
    await on.api.root('PUT', '/accounts/carol', { status: 'SUSPENDED' });
    const { body } = await on.api.root('GET', '/accounts/carol/explain');
    const { remedies } = body as { remedies: Remedy[] };
    const [remedy] = remedies.filter(({ what }) => what.startsWith('let people act for carol'));
    if (remedy) {
      await on.api.root(remedy.method, remedy.path, remedy.body ?? undefined);
      (on.sent as Remedy[]).push(remedy);
    }
    expect((await on.api.root('GET', '/accounts/carol')).body).toMatchObject({ status: 'ACTIVE' });
  });
});

describe('the remedies', () => {
  it('are all in the list of them', () => {
    expect(allRemedies).toHaveLength(kindsOfRemedies);
  });

  it('have all been sent as they stand', () => {
    const sent = new Set(on.sent.map(shapeOf));
    expect(allRemedies.map(shapeOf).filter((one) => !sent.has(one))).toEqual([]);
  });
});
