import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setGlobalLimit } from '../../../src/accounts/index.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { findRse, setDistance, setRseLimit } from '../../../src/rses/index.js';
import { type RulePlan } from '../../../src/rules/index.js';
import { RseType, RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { chosen, planner, ways } from './planner.js';

let base: TestDatabase;
let a: Court;
let specOf: ReturnType<typeof planner>['specOf'];
let plans: ReturnType<typeof planner>['plans'];
let plan: ReturnType<typeof planner>['plan'];
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  ({ specOf, plans, plan } = planner(a));
});
afterEach(() => base.close());

const rejected = ({ parts }: RulePlan) =>
  parts[0]?.rejected.map(({ rse, why }) => [rse, why.map(({ reason }) => reason).join()]);

/** A run of three files at A-DISK, a third of it at B-DISK too. */
async function aRun() {
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) await a.rse(rse);
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'A-DISK');
  await a.copies('B-DISK', ['f1']);
}

describe('a plan', () => {
  it('says where copies would go and why, what is there, and what would move from where', async () => {
    await aRun();
    const made = await plan('run', { copies: 2 });
    expect(chosen(made)).toEqual([
      ['A-DISK', 3, 0, 0, 'held'],
      ['B-DISK', 1, 0, 2, 'held'],
    ]);
    expect(rejected(made)).toEqual([['C-DISK', 'surplus']]);
    expect(ways(made)).toEqual([['A-DISK', 'B-DISK', 2]]);
    expect(made).toMatchObject({ content: { files: 3n, bytes: 300n }, units: 1n, errors: [] });
    expect(made.parts[0]?.chosen[1]?.why[0]?.detail).toBe('100 B of 300 B are there already');
    expect(made.estimated).toEqual([]);
  });

  it('writes nothing, and the database would not let it', async () => {
    await aRun();
    const before = await contents();
    await plan('run', { copies: 3 });
    await plan('run', { copies: 2, grouping: RuleGrouping.NONE });
    expect(await contents()).toEqual(before);
    await expect(
      base.db.snapshot((tx) => execute(tx, sql`DELETE FROM rules`)),
    ).rejects.toMatchObject({ code: '25006' });
  });

  it('keeps nobody waiting who decides over the same quota', async () => {
    await aRun();
    await base.db.tx(async (tx) => {
      await execute(tx, sql`SELECT pg_advisory_xact_lock(7402612, ${a.accountId})`);
      expect((await plan('run')).errors).toEqual([]);
    });
  });

  it('tells of every RSE why it is not the one', async () => {
    await aRun();
    await a.rse('SHUT-DISK', { availabilityWrite: false });
    await a.rse('POOR-DISK', { limit: 200n });
    await a.rse('NONE-DISK', { limit: null });
    const full = await a.rse('FULL-DISK');
    await base.db.tx((tx) => setRseLimit(tx, full, { name: 'MaxSpaceAvailable', value: 10n }));
    const made = await plan('run');
    expect(rejected(made)).toEqual([
      ['B-DISK', 'surplus'],
      ['C-DISK', 'surplus'],
      ['FULL-DISK', 'RSE limit'],
      ['NONE-DISK', 'account limit'],
      ['POOR-DISK', 'account limit'],
      ['SHUT-DISK', 'not writable'],
    ]);
    const detail = (rse: string) =>
      made.parts[0]?.rejected.find((it) => it.rse === rse)?.why[0]?.detail;
    expect(detail('POOR-DISK')).toBe('needs 300 B, and the account may put 200 B more there');
    expect(detail('FULL-DISK')).toBe('needs 300 B, and the limit of the RSE leaves 10 B');
  });

  it('says what keeps a rule from being made, and what could be else', async () => {
    await aRun();
    const many = await plan('run', { copies: 4 });
    expect(many.errors.map(({ name }) => name)).toContain('InsufficientTargetRSEs');
    const staging = await a.rse('STAGE', { stagingArea: true });
    expect(staging).toBeGreaterThan(0);
    const forEver = await plan('run', { rseExpression: 'STAGE' });
    expect(forEver.errors[0]?.name).toBe('StagingAreaRuleRequiresLifetime');
    await a.rse('SHUT-DISK', { availabilityWrite: false });
    const shut = await plan('run', { rseExpression: 'SHUT-DISK' });
    expect(shut.errors[0]?.name).toBe('RSEWriteBlocked');
    expect(rejected(shut)).toEqual([['SHUT-DISK', 'not writable']]);
    await a.rule('run', { rseExpression: 'A-DISK' });
    expect((await plan('run', { rseExpression: 'A-DISK' })).errors[0]?.name).toBe('DuplicateRule');
  });

  it('throws what cannot be meant, as creation does', async () => {
    await aRun();
    await expect(plan('nothing')).rejects.toMatchObject({ name: 'DataIdentifierNotFound' });
    await expect(plan('run', { rseExpression: 'A&' })).rejects.toMatchObject({
      name: 'InvalidRSEExpression',
    });
    await expect(plan('run', { copies: 0 })).rejects.toMatchObject({ name: 'InvalidValueForKey' });
  });

  it('shows quota and space before and after, global limits too', async () => {
    await aRun();
    await a.rse('D-DISK', { limit: 1000n });
    await base.db.tx(async (tx) => {
      await setGlobalLimit(tx, a.accountId, { expression: '*', bytes: 500n });
    });
    await a.rule('run', { rseExpression: 'A-DISK' });
    const made = await plan('run', { rseExpression: 'D-DISK' });
    expect(made.errors[0]?.name).toBe('InsufficientAccountLimit');
    await base.db.tx((tx) => setGlobalLimit(tx, a.accountId, { expression: '*', bytes: 650n }));
    const fits = await plan('run', { rseExpression: 'D-DISK' });
    expect(fits.errors).toEqual([]);
    expect(fits.quota).toEqual([
      { rseExpression: 'D-DISK', global: false, limit: 1000n, before: 0n, after: 300n },
      { rseExpression: '*', global: true, limit: 650n, before: 300n, after: 600n },
    ]);
    expect(fits.space).toEqual([{ rse: 'D-DISK', limit: null, before: 0n, after: 300n }]);
    expect(fits.warnings.map(({ code }) => code)).toContain('QUOTA_NEARLY_FULL');
  });

  it('shows the parts of a placement, and what its constraints have against the others', async () => {
    for (const [rse, continent] of [
      ['CNAF-DISK', 'EU'],
      ['LYON-DISK', 'EU'],
      ['FNAL-DISK', 'NA'],
      ['NOWHERE-DISK', undefined],
    ] as const) {
      await a.rse(rse, { attributes: { kind: 'disk', ...(continent && { continent }) } });
    }
    await a.rse('KEK-TAPE', {
      type: RseType.TAPE,
      attributes: { kind: 'tape', continent: 'ASIA' },
    });
    await a.dataset('run');
    await a.data('run', ['f1', 'f2'], 'CNAF-DISK');
    const parts = [
      { copies: 2, rseExpression: 'kind=disk', weight: null },
      { copies: 1, rseExpression: 'kind=tape', weight: null },
    ];
    const spec = {
      copies: 3,
      rseExpression: '(kind=disk)|(kind=tape)',
      constraints: { parts, distinct: ['continent'], maxSkew: null },
    };
    const made = await plan('run', spec);
    expect(made.errors).toEqual([]);
    expect(
      made.parts.map(({ rseExpression, copies, chosen: some, rejected: others }) => [
        copies,
        rseExpression,
        some.map(({ rse }) => rse),
        others.map(({ rse, why }) => [rse, why[0]?.reason, why[0]?.detail]),
      ]),
    ).toEqual([
      [
        2,
        'kind=disk',
        ['CNAF-DISK', 'FNAL-DISK'],
        [
          ['LYON-DISK', 'distinct', 'continent=EU is taken by CNAF-DISK'],
          ['NOWHERE-DISK', 'no attribute', 'no continent'],
        ],
      ],
      [1, 'kind=tape', ['KEK-TAPE'], []],
    ]);
    const alone = await plan('run', { ...spec, grouping: RuleGrouping.NONE });
    expect(
      alone.parts.flatMap(({ chosen: some }) => some.map(({ rse }) => rse)).toSorted(),
    ).toEqual(['CNAF-DISK', 'FNAL-DISK', 'KEK-TAPE']);
    const { constraints } = spec;
    const never = await plan('run', {
      ...spec,
      copies: 4,
      constraints: { ...constraints, parts: parts.map((part) => ({ ...part, copies: 2 })) },
    });
    expect(never.errors.map(({ name }) => name)).toEqual(['InsufficientTargetRSEs']);
    await a.rule('run', spec);
    expect((await plan('run', spec)).errors[0]?.name).toBe('DuplicateRule');
    expect(
      (await plan('run', { ...spec, constraints: { ...constraints, distinct: [] } })).errors,
    ).toEqual([]);
  });

  it('plans the phases of a rule one after the other, each with what those before it hold', async () => {
    await aRun();
    const phase = {
      weight: null,
      grouping: RuleGrouping.DATASET,
      constraints: null,
      locked: false,
      since: null,
    };
    const first = {
      ...phase,
      copies: 2,
      rseExpression: 'B-DISK|C-DISK',
      forSeconds: 3600,
      untilIdleSeconds: null,
    };
    const last = {
      ...phase,
      copies: 1,
      rseExpression: 'A-DISK',
      forSeconds: null,
      untilIdleSeconds: null,
    };
    const { copies, rseExpression } = first;
    const made = await plans(specOf('run', { copies, rseExpression, phases: [first, last] }));
    expect(made.map((it) => [it.phase, it.errors, chosen(it)?.map(([rse]) => rse)])).toEqual([
      [1, [], ['B-DISK', 'C-DISK']],
      [2, [], ['A-DISK']],
    ]);
    const nonsense = await plan('run', { copies, rseExpression, phases: [first] });
    expect(nonsense.errors.map(({ name }) => name)).toEqual(['InvalidReplicationRule']);
  });

  it('plans several rules one after the other: each gets what those before leave', async () => {
    await aRun();
    await a.rse('D-DISK', { limit: 500n });
    await a.dataset('other');
    await a.data('other', ['g1', 'g2', 'g3'], 'A-DISK');
    const [first, second] = await plans(
      specOf('run', { rseExpression: 'D-DISK' }),
      specOf('other', { rseExpression: 'D-DISK' }),
    );
    expect(first?.errors).toEqual([]);
    expect(second?.errors[0]?.name).toBe('InsufficientAccountLimit');
  });

  it('takes the source that the conveyor would: near before far, disk before tape', async () => {
    await aRun();
    await a.rse('A-TAPE', { type: RseType.TAPE });
    await a.copies('C-DISK', ['f1', 'f2', 'f3']);
    await a.copies('A-TAPE', ['f1', 'f2', 'f3']);
    await a.rse('D-DISK');
    for (const [from, distance] of [
      ['A-TAPE', 1],
      ['A-DISK', 5],
      ['C-DISK', 3],
    ] as const) {
      await base.db.tx(async (tx) => {
        const source = await findRse(tx, from);
        const destination = await findRse(tx, 'D-DISK');
        await setDistance(tx, { source, destination, bidirectional: false }, distance);
      });
    }
    expect(ways(await plan('run', { rseExpression: 'D-DISK' }))).toEqual([['C-DISK', 'D-DISK', 3]]);
    const fromTape = await plan('run', {
      rseExpression: 'D-DISK',
      sourceReplicaExpression: 'A-TAPE',
    });
    expect(ways(fromTape)).toEqual([['A-TAPE', 'D-DISK', 3]]);
    expect(fromTape.warnings.map(({ code }) => code)).toContain('TAPE_RECALL');
  });

  it('warns of files without a source, with one only, and on one site', async () => {
    await a.rse('A-DISK', { attributes: { site: 'A' } });
    await a.rse('A2-DISK', { attributes: { site: 'A' } });
    await a.dataset('run');
    await a.data('run', ['f1'], 'A-DISK');
    await a.files('gone');
    await a.attach('run', 'gone');
    const made = await plan('run', { rseExpression: 'A2-DISK' });
    expect(made.warnings.map(({ code, message }) => [code, message])).toEqual([
      ['NO_SOURCE', '1 file (100 B) have no source that can be read: these copies would be stuck'],
      [
        'SINGLE_SOURCE',
        'of 1 file (100 B) there is one good copy only until the new ones are there',
      ],
      ['ONE_SITE', 'all copies of 2 files (200 B) would be at one site'],
    ]);
    expect(ways(made)).toEqual([
      ['A-DISK', 'A2-DISK', 1],
      [null, 'A2-DISK', 1],
    ]);
  });

  it('counts a copy that comes for somebody else, and does not move it twice', async () => {
    await aRun();
    await a.rule('run', { rseExpression: 'C-DISK' });
    expect(chosen(await plan('run', { rseExpression: 'C-DISK&*' }))).toEqual([
      ['C-DISK', 0, 3, 0, 'held'],
    ]);
  });

  it('estimates the time by what went over the link in the last day, and by what waits there', async () => {
    await aRun();
    const past = (source: string, files: number, seconds: number) =>
      base.db.tx((tx) =>
        execute(
          tx,
          sql`INSERT INTO requests_history (id, uid, did_id, rse_id, source_rse_id, account_id, activity, priority,
                attempt, type, state, bytes, overwrite, created_at, submitted_at, started_at, finished_at, archived_at)
              SELECT n, gen_random_uuid(), n, (SELECT id FROM rses WHERE name = 'C-DISK'),
                     (SELECT id FROM rses WHERE name = ${source}), ${a.accountId}, 0, 3, 1, 'T', 'D', 100, false,
                     t.at, t.at, t.at, t.at + make_interval(secs => ${seconds}), t.at + make_interval(secs => ${seconds})
                FROM generate_series(1, ${files}::int) n
               CROSS JOIN LATERAL (SELECT ${a.now}::timestamptz - interval '1 hour' + n * make_interval(secs => ${seconds}) AS at) t`,
        ),
      );
    const unknown = await plan('run', { rseExpression: 'C-DISK' });
    expect(unknown.times).toMatchObject([
      { destination: 'C-DISK', seconds: null, basis: 'unknown' },
    ]);
    await past('A-DISK', 6, 10);
    const known = await plan('run', { rseExpression: 'C-DISK' });
    expect(known.times).toMatchObject([{ seconds: 30, basis: 'link', queued: { files: 0n } }]);
    expect(known.moves).toMatchObject([{ seconds: 30 }]);
    await a.copies('A-DISK', ['w1', 'w2']);
    await a.rule('w1', { rseExpression: 'C-DISK' });
    await a.rule('w2', { rseExpression: 'C-DISK' });
    const queued = await plan('run', { rseExpression: 'C-DISK' });
    expect(queued.times).toMatchObject([{ seconds: 50, queued: { files: 2n, bytes: 200n } }]);
    // After a failure a request waits for its next attempt.
    await base.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = 'W', due_at = ${a.now} WHERE id = (SELECT min(id) FROM requests)`,
      ),
    );
    const again = await plan('run', { rseExpression: 'C-DISK' });
    expect(again.times).toMatchObject([{ seconds: 50, queued: { files: 2n } }]);
    // What a rule before it moves there waits there too.
    await a.dataset('more');
    await a.data('more', ['m1'], 'A-DISK');
    const both = await plans(
      specOf('run', { rseExpression: 'C-DISK' }),
      specOf('more', { rseExpression: 'C-DISK' }),
    );
    expect(both.map(({ times }) => times[0]?.seconds)).toEqual([50, 60]);
    expect(both[1]?.times).toMatchObject([{ queued: { files: 5n, bytes: 500n } }]);
  });
});

/** Every row of every table, as a checksum a table. */
async function contents(): Promise<object[]> {
  const tables = await base.db.read((tx) =>
    rows<{ name: string }>(
      tx,
      sql`SELECT relname AS name FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY 1`,
    ),
  );
  return await base.db.read(async (tx) => {
    const sums: object[] = [];
    for (const { name } of tables) {
      const { rows: found } = await tx.query(
        `SELECT '${name}' AS name, count(*), md5(coalesce(string_agg(t::text || t.xmin, '|' ORDER BY t::text), '')) FROM ${name} t`,
      );
      sums.push(...(found as object[]));
    }
    return sums;
  });
}
