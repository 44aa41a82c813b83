import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setLocalLimit } from '../../../src/accounts/index.js';
import { rows, sql } from '../../../src/db/index.js';
import { findRse, setRseLimit } from '../../../src/rses/index.js';
import { type LeavingPlan, planLeaving, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Works, works } from '../../support/works.js';

let base: TestDatabase;
let a: Works;
beforeAll(async () => {
  base = await testDatabase();
  a = await works(base.db);
});
afterAll(() => base.close());

const anyRule = fc.record({
  kind: fc.constantFrom('file', 'dataset', 'container'),
  grouping: fc.constantFrom(RuleGrouping.ALL, RuleGrouping.DATASET, RuleGrouping.NONE),
  copies: fc.integer({ min: 1, max: 2 }),
  isApart: fc.boolean(),
});

/** A lake with rules, one RSE of which leaves; whoever is tight has but one rule. */
const scenes = fc.record({
  rses: fc.array(
    fc.record({
      site: fc.constantFrom('s1', 's2', 's3'),
      quota: fc.option(fc.integer({ min: 0, max: 6 }), { nil: null }),
      space: fc.option(fc.integer({ min: 2, max: 8 }), { nil: null }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  datasets: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  rules: fc.array(anyRule, { minLength: 1, maxLength: 3 }),
});
type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never;

let count = 0;

/** Builds a scene under names of its own; gives the name of the RSE that leaves. */
async function build({ rses, datasets, rules }: Scene): Promise<string> {
  const tag = `L${++count}`;
  for (const [at, { site }] of rses.entries()) {
    await a.rse(`${tag}-${at}`, { attributes: { scene: tag, site } });
  }
  const [home = ''] = [`${tag}-0`];
  await a.container(`${tag}.all`);
  for (const [d, size] of datasets.entries()) {
    const name = `${tag}.d${d}`;
    await a.dataset(name);
    await a.data(
      name,
      [...Array(size).keys()].map((f) => `${name}.f${f}`),
      home,
    );
    await a.attach(`${tag}.all`, name);
  }
  const of = { file: `${tag}.d0.f0`, dataset: `${tag}.d0`, container: `${tag}.all` };
  for (const [at, { kind, grouping, copies, isApart }] of rules.entries()) {
    const rseExpression = `scene=${tag}${'&*'.repeat(at)}`;
    const parts = [{ copies, rseExpression, weight: null }];
    const constraints = isApart ? { parts, distinct: ['site'], maxSkew: null } : null;
    await a.rule(of[kind], { copies, rseExpression, grouping, constraints }).catch(() => null);
  }
  if (rules.length > 1) return home;
  for (const [at, { quota, space }] of rses.entries()) {
    await base.db.tx(async (tx) => {
      const { id: rseId } = await findRse(tx, `${tag}-${at}`);
      const bytes = BigInt((quota ?? 0) * 100 + 1);
      if (quota !== null) await setLocalLimit(tx, a.accountId, { rseId, bytes });
      const value = BigInt((space ?? 0) * 100 + 1);
      if (space !== null) await setRseLimit(tx, rseId, { name: 'MaxSpaceAvailable', value });
    });
  }
  return home;
}

/** Where locks go from an RSE: by destination the files, sorted. */
const moves = async (home: string): Promise<string[]> =>
  (
    await base.db.read((tx) =>
      rows<{ text: string }>(
        tx,
        sql`SELECT t.name || ' ' || count(*) || ' ' || sum(l.bytes) AS text
              FROM lock_moves m JOIN rses h ON h.id = m.rse_id JOIN rses t ON t.id = m.target_rse_id
              JOIN locks l ON l.did_id = m.did_id AND l.rse_id = m.rse_id AND l.rule_id = m.rule_id
             WHERE h.name = ${home} GROUP BY t.name`,
      ),
    )
  )
    .map(({ text }) => text)
    .sort();

/** The same as a plan tells it. */
function told({ groups }: LeavingPlan): string[] {
  const sums = new Map<string, [bigint, bigint]>();
  for (const { rse, why, all } of groups.flatMap(({ plan }) =>
    plan.parts.flatMap(({ chosen }) => chosen),
  )) {
    if (why.every(({ reason }) => reason === 'kept')) continue;
    const [files, bytes] = sums.get(rse) ?? [0n, 0n];
    sums.set(rse, [files + all.files, bytes + all.bytes]);
  }
  return [...sums].map(([rse, [files, bytes]]) => `${rse} ${files} ${bytes}`).sort();
}

const charges = async (): Promise<Map<string, number>> =>
  new Map(
    (await a.usage()).map((text) => {
      const [rse = '', , , bytes] = text.split(' ');
      return [rse, Number(bytes)];
    }),
  );

describe('what the plan says of an RSE that leaves', () => {
  it('comes true when it is drained: where to, how much, what is charged, and whether all can go', async () => {
    const ends = { whole: 0, partly: 0, moved: 0 };
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const home = await build(scene);
        const plan = await base.db.snapshot(async (tx) =>
          planLeaving(tx, await findRse(tx, home), rulesTerms(a.config, a.now)),
        );
        const job = await a.order({
          kind: 'drain',
          // What no rule holds is not of the plan.
          spec: { rse: home, keepCopies: true, targets: null },
        });
        for (let shifts = 0; shifts < 6; shifts++) await a.work();
        const { failed } = await a.job(job);
        const isWhole = plan.groups.every(({ plan: { errors } }) => errors.length === 0);
        expect(isWhole).toBe(BigInt(failed) === 0n);
        // An RSE is told once for what is kept there and what comes: such units are of several datasets.
        const isMixed = plan.groups.some(({ plan: { parts } }) =>
          parts.some(({ chosen }) =>
            chosen.some(({ why }) => why.length > 1 && why.some(({ reason }) => reason === 'kept')),
          ),
        );
        ends[isWhole ? 'whole' : 'partly']++;
        // Rules on single files that others have too are told as if these moved nothing.
        const isExact = plan.groups.every(({ plan: { estimated } }) => estimated.length === 0);
        if (isMixed || !isExact) return;
        const moved = await moves(home);
        expect(told(plan)).toEqual(moved);
        if (moved.length > 0) ends.moved++;
        const after = await charges();
        for (const { rseExpression, after: then } of plan.groups.at(-1)?.plan.quota ?? []) {
          if (plan.groups.length === 1) {
            expect([rseExpression, Number(then)]).toEqual([
              rseExpression,
              after.get(rseExpression) ?? 0,
            ]);
          }
        }
      }),
      { numRuns: 30 },
    );
    expect(ends.moved).toBeGreaterThan(5);
    expect(ends.partly).toBeGreaterThan(3);
  }, 600_000);
});
