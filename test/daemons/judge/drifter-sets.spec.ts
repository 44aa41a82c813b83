import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeCleaner } from '../../../src/daemons/judge/cleaner.js';
import { judgeDrifter } from '../../../src/daemons/judge/drifter.js';
import { type Tally } from '../../../src/daemons/runtime/index.js';
import { explainRule, explainRse } from '../../../src/explain/index.js';
import { changeRse, findRse, setRseAttribute } from '../../../src/rses/index.js';
import { driftsOf, parseShortForm, type RuleSpec } from '../../../src/rules/index.js';
import { RuleGrouping, wireId } from '../../../src/vocabulary/index.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { type Court, court } from '../../support/judge.js';
import { mortal } from '../../support/mortal.js';
import { trials } from './trials.js';

let base: TestDatabase;
let a: Court;
let on: ReturnType<typeof trials>;
let drift: () => Promise<Tally>;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  on = trials(a);
  const daemon = judgeDrifter(a.config);
  drift = () => a.shift(daemon);
  for (const rse of ['EU-1', 'EU-2', 'NA-1', 'NA-2']) {
    await a.rse(rse, { continent: rse.slice(0, 2), attributes: { kind: 'DISK' } });
  }
  await a.rse('EU-TAPE', { continent: 'EU', attributes: { kind: 'TAPE' } });
  await a.dataset('run');
  await a.data('run', ['f1', 'f2', 'f3'], 'EU-1', 'NA-1');
});
afterEach(async () => {
  await a.audit();
  await base.close();
});

const IDLE = { seen: 0, done: 0, failed: 0, more: false };
const continent = (rse: string, value: string) =>
  a.db.tx(async (tx) => changeRse(tx, await findRse(tx, rse), { continent: value }));
const kind = (rse: string, value: string) =>
  a.db.tx(async (tx) => setRseAttribute(tx, await findRse(tx, rse), 'kind', value));
const placed = (short: string, spec: Partial<RuleSpec> = {}): Partial<RuleSpec> => {
  const constraints = parseShortForm(short, 1);
  const copies = constraints.parts.reduce((sum, part) => sum + part.copies, 0);
  const rseExpression = constraints.parts.map((part) => part.rseExpression);
  const [only, ...more] = rseExpression;
  const union = more.length === 0 && only ? only : rseExpression.map((it) => `(${it})`).join('|');
  return { rseExpression: union, copies, constraints, ...spec };
};
const REPLACE: Partial<RuleSpec> = {
  repairPolicy: { onStuck: 'suspend', attempts: null, afterSeconds: null, drift: 'replace' },
};
const found = (id: bigint) =>
  a.db.read(async (tx) =>
    (await driftsOf(tx, [id])).map(
      ({ locks, since, why }) => `${why?.kind} ${locks} since ${since.toISOString()}`,
    ),
  );
const explain = (uid: string) =>
  a.db.read((tx) => explainRule(tx, wireId(uid), { config: a.config, now: a.now }));
const first = async (uid: string) => (await explain(uid)).lines[0];
const at = (...rses: string[]) =>
  ['f1', 'f2', 'f3'].flatMap((file) => rses.map((rse) => `${file}@${rse} O`));

describe('copies that came to share a value of distinct', () => {
  it('are found, dated, told, and over when they differ again', async () => {
    const rule = await a.rule('run', placed('kind=DISK:2;distinct=continent'));
    expect(await a.locks(rule.id)).toEqual(at('EU-1', 'NA-1'));
    await drift();
    expect(await drift()).toEqual(IDLE);

    a.pass(60);
    await continent('NA-1', 'EU');
    expect((await drift()).done).toBeGreaterThan(0);
    expect(await found(rule.id)).toEqual(['attribute 3 since 2026-11-21T12:01:00.000Z']);
    expect(await drift()).toEqual(IDLE);
    const { lines, facts, next } = await explain(rule.uid);
    expect(lines[0]).toBe(
      'Drift: NA-1 has continent=EU since 12:01 UTC, as EU-1 has, though no two copies are to share one, and holds 3 copies of the rule',
    );
    expect(next).toContain('Its policy keeps drifted copies where they are');
    expect(facts['drift']).toMatchObject([
      { rse: 'NA-1', copies: 3n, why: { kind: 'attribute', value: 'EU', beside: ['EU-1'] } },
    ]);
    const desk = { config: a.config, now: a.now };
    const { lines: ofRse } = await a.db.read((tx) => explainRse(tx, 'NA-1', desk));
    expect(ofRse).toContain(
      'Drift: 1 rule holds 3 copies here though they would not be placed here any more, since 12:01 UTC',
    );

    await continent('NA-1', 'NA');
    expect((await drift()).done).toBeGreaterThan(0);
    expect(await found(rule.id)).toEqual([]);
    expect(await drift()).toEqual(IDLE);
  });

  it('are handed over to an RSE of another value when the policy says so', async () => {
    const rule = await a.rule('run', placed('kind=DISK:2;distinct=continent', REPLACE));
    await drift();
    await continent('NA-1', 'EU');
    await drift();
    expect(await a.locks(rule.id)).toEqual(
      ['f1', 'f2', 'f3'].flatMap((file) => [`${file}@EU-1 O`, `${file}@NA-1 O`, `${file}@NA-2 R`]),
    );
    const { lines, facts } = await explain(rule.uid);
    expect(lines).toContain(
      '3 copies (300 B) move from NA-1 to NA-2 since 12:00 UTC: the rule has drifted from there; 0 arrived, and each old one is let go when the new one is there',
    );
    expect(facts['moving']).toMatchObject([{ from: 'NA-1', to: 'NA-2', why: 'drift', copies: 3n }]);
    await on.arrive('NA-2', ['f2']);
    await a.shift(judgeCleaner(a.config));
    expect(await on.places(rule.id)).not.toContain('f2@NA-1');
    expect(await on.places(rule.id)).toContain('f1@NA-1');
    await on.arrive('NA-2');
    a.pass(600);
    await drift();
    expect(await a.locks(rule.id)).toEqual(at('EU-1', 'NA-2'));
    expect(await found(rule.id)).toEqual([]);
    expect(await drift()).toEqual(IDLE);
  });

  it('are told with the reason where there is no other place', async () => {
    await continent('NA-2', 'EU');
    const rule = await a.rule('run', placed('kind=DISK:2;distinct=continent', REPLACE));
    await drift();
    await continent('NA-1', 'EU');
    await drift();
    expect(await first(rule.uid)).toMatch(
      /^Drift: NA-1 has continent=EU .* could not be placed elsewhere: .*only 1 value of continent/,
    );
    expect(await a.locks(rule.id)).toEqual(at('EU-1', 'NA-1'));
    expect(await drift()).toEqual(IDLE);
  });

  it('are those of the files that have them, where each is placed by itself', async () => {
    await a.dataset('more');
    await a.data('more', ['g1'], 'EU-2', 'NA-1');
    await a.data('more', ['g2'], 'EU-2', 'NA-2');
    const rule = await a.rule(
      'more',
      placed('kind=DISK:2;distinct=continent', { grouping: RuleGrouping.NONE }),
    );
    await drift();
    await continent('NA-1', 'EU');
    await drift();
    expect(await found(rule.id)).toMatchObject([expect.stringMatching(/^attribute 1 since/)]);
  });
});

describe('copies of parts', () => {
  it('have drifted from an RSE that is of another part now, though the union names it', async () => {
    await a.copies('EU-TAPE', ['f1', 'f2', 'f3']);
    const rule = await a.rule('run', placed('kind=DISK:2;kind=TAPE:1', REPLACE));
    expect(await a.locks(rule.id)).toEqual(at('EU-1', 'EU-TAPE', 'NA-1'));
    await drift();
    await kind('EU-1', 'TAPE');
    await drift();
    expect(await first(rule.uid)).toMatch(
      "Drift: EU-1 is of the part 'kind=TAPE' since 12:00 UTC, which has its copies without it, and the part 'kind=DISK' lacks one, and holds 3 copies of the rule",
    );
    for (const rse of ['EU-2', 'NA-2']) await on.arrive(rse);
    a.pass(600);
    await drift();
    const places = await on.places(rule.id);
    expect(places).toHaveLength(9);
    expect(places.some((place) => place.endsWith('@EU-1'))).toBe(false);
    expect(places.filter((place) => place.endsWith('@EU-TAPE'))).toHaveLength(3);
    expect(await found(rule.id)).toEqual([]);
  });

  it('leave two RSEs at once, one after the other', async () => {
    const rule = await a.rule('run', placed('kind=DISK:2;distinct=continent', REPLACE));
    await drift();
    for (const rse of ['EU-1', 'NA-1']) await kind(rse, 'NONE');
    await drift();
    for (const rse of ['EU-2', 'NA-2']) await on.arrive(rse);
    a.pass(600);
    await drift();
    expect(await a.locks(rule.id)).toEqual(at('EU-2', 'NA-2'));
  });
});

describe('copies over the values of an attribute', () => {
  it('have drifted where they are not even any more, and not because a value has come', async () => {
    const rule = await a.rule('run', placed('kind=DISK:2;distinct=continent;maxSkew=1', REPLACE));
    expect(await a.locks(rule.id)).toEqual(at('EU-1', 'NA-1'));
    await drift();
    await a.rse('AS-1', { continent: 'AS', attributes: { kind: 'DISK' } });
    await drift();
    expect(await drift()).toEqual(IDLE);
    await continent('NA-1', 'EU');
    await drift();
    expect(await first(rule.uid)).toMatch(
      /^Drift: NA-1 has continent=EU since 12:00 UTC: the copies stand AS 0, EU 2, NA 0, and are to differ by 1 at most, and holds 3 copies/,
    );
    for (const rse of ['NA-2', 'AS-1']) await on.arrive(rse);
    a.pass(600);
    await drift();
    expect(await on.places(rule.id)).toHaveLength(6);
    expect(await found(rule.id)).toEqual([]);
  });
});

describe('a drifter that dies', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'after %i transactions leaves nothing half done, and others go on beside it',
    async (transactions) => {
      const sliced = { ...a.config, rules: { ...a.config.rules, sliceLocks: 2 } };
      const shift = (db = a.db) => {
        const daemon = judgeDrifter(sliced);
        return a.shift({
          ...daemon,
          reconcile: (shifted) => daemon.reconcile({ ...shifted, db }),
        });
      };
      const grouping = RuleGrouping.NONE;
      const rule = await a.rule(
        'run',
        placed('kind=DISK:2;distinct=continent', { ...REPLACE, grouping }),
      );
      await shift();
      await continent('NA-1', 'EU');
      await Promise.allSettled([shift(mortal(a.db, transactions)), shift(mortal(a.db, 3))]);
      await a.audit();
      await Promise.all([shift(), shift()]);
      await shift();
      for (const rse of ['NA-2', 'EU-2']) await on.arrive(rse);
      a.pass(600);
      await Promise.allSettled([shift(mortal(a.db, transactions)), shift()]);
      a.pass(600);
      await shift();
      expect(await a.locks(rule.id)).toEqual(at('EU-1', 'NA-2'));
      expect(await found(rule.id)).toEqual([]);
    },
  );
});
