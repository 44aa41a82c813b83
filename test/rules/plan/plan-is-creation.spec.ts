import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rows, sql } from '../../../src/db/index.js';
import { setRseLimit } from '../../../src/rses/index.js';
import { planRules, type RuleSpec, rulesTerms } from '../../../src/rules/index.js';
import { RuleGrouping, RuleNotification } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';

let base: TestDatabase;
let a: Court;
beforeAll(async () => {
  base = await testDatabase();
  a = await court(base.db);
});
afterAll(() => base.close());

/** A small lake: what is where, what fits, and what is wished. */
const scenes = fc.record({
  rses: fc.array(
    fc.record({
      weight: fc.integer({ min: 1, max: 5 }),
      quota: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null }),
      space: fc.option(fc.integer({ min: 3, max: 12 }), { nil: null }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  /** For each dataset its files, each with the RSEs (by number) that have it. */
  datasets: fc.array(
    fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }), { maxLength: 3 }),
    { minLength: 1, maxLength: 3 },
  ),
  kind: fc.constantFrom('file', 'files', 'dataset', 'datasets', 'container'),
  grouping: fc.constantFrom(RuleGrouping.ALL, RuleGrouping.DATASET, RuleGrouping.NONE),
  copies: fc.integer({ min: 1, max: 3 }),
  weighted: fc.boolean(),
});
type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never;

let count = 0;

/** Builds a scene under names of its own; gives the wish. */
async function build(scene: Scene): Promise<RuleSpec> {
  const tag = `S${++count}`;
  const names = scene.rses.map((_, at) => `${tag}-${at}`);
  for (const [at, { weight, quota, space }] of scene.rses.entries()) {
    const id = await a.rse(names[at] as string, {
      attributes: { scene: tag, share: String(weight) },
      limit: quota === null ? -1n : BigInt(quota * 100 + 1),
    });
    if (space !== null) {
      const value = BigInt(space * 100 + 1);
      await base.db.tx((tx) => setRseLimit(tx, id, { name: 'MaxSpaceAvailable', value }));
    }
  }
  const container = `${tag}.all`;
  await a.container(container);
  const datasets: string[] = [];
  const files: string[] = [];
  for (const [d, dataset] of scene.datasets.entries()) {
    const name = `${tag}.d${d}`;
    datasets.push(name);
    await a.dataset(name);
    for (const [f, held] of dataset.entries()) {
      const file = `${name}.f${f}`;
      files.push(file);
      await a.data(name, [file], ...new Set(held.flatMap((at) => names[at] ?? [])));
    }
  }
  await a.attach(container, ...datasets);
  const of = {
    file: files.slice(0, 1),
    files,
    dataset: datasets.slice(0, 1),
    datasets,
    container: [container],
  }[scene.kind];
  return {
    dids: (of.length > 0 ? of : [container]).map((name) => ({ scope: a.scope, name })),
    accountId: a.accountId,
    copies: scene.copies,
    rseExpression: `scene=${tag}`,
    weight: scene.weighted ? 'share' : null,
    grouping: scene.grouping,
    activity: 0,
    notification: RuleNotification.NO,
  };
}

/** Bytes of locks by RSE. */
const locked = async (expression: string) =>
  Object.fromEntries(
    (
      await base.db.read((tx) =>
        rows<{ rse: string; bytes: bigint }>(
          tx,
          sql`SELECT e.name AS rse, sum(l.bytes)::bigint AS bytes
                FROM rules r JOIN locks l ON l.rule_id = r.id JOIN rses e ON e.id = l.rse_id
               WHERE r.rse_expression = ${expression} GROUP BY e.name`,
        ),
      )
    ).map(({ rse, bytes }) => [rse, Number(bytes)]),
  );

describe('what a plan says and what creation does', () => {
  it('are the same: RSEs, bytes at each, or the fact that refuses it', async () => {
    const ends = { made: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const spec = await build(scene);
        const [plan] = await base.db.snapshot((tx) =>
          planRules(tx, [spec], rulesTerms(a.config, a.now)),
        );
        const [name] = spec.dids;
        const made = await a
          .rule(name?.name ?? '', spec)
          .then(() => null)
          .catch((error: Error) => error.name);
        expect(plan?.errors[0]?.name ?? null).toBe(made);
        ends[made === null ? 'made' : 'refused']++;
        if (made !== null) return;
        const planned = (plan?.parts[0]?.chosen ?? [])
          .filter(({ all }) => all.bytes > 0n)
          .map(({ rse, all }) => [rse, Number(all.bytes)]);
        expect(Object.fromEntries(planned)).toEqual(await locked(spec.rseExpression));
      }),
      { numRuns: 40, seed: 20261121 },
    );
    expect(ends.made).toBeGreaterThan(10);
    expect(ends.refused).toBeGreaterThan(5);
  }, 300_000);
});
