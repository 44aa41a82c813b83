import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { ruleProperties } from '../../src/api/rules/rule-item.request.js';
import { conveyorFinisher } from '../../src/daemons/conveyor/finisher.js';
import { reconcilersOf } from '../../src/daemons/index.js';
import { execute, sql } from '../../src/db/index.js';
import { touchDids } from '../../src/dids/index.js';
import { openStorages } from '../../src/storages.js';
import { type Call, startApi, type TestApi } from '../support/api.js';
import { shift } from '../support/shift.js';
import { chaptersOf, type Exchange } from './examples.js';

// Every example of the page is sent, in the page's order, to the lake that the page tells of.

let api: TestApi;
let alice: Call;
let admin: Call;
let now = new Date();
const known = new Map<string, string>();
const config = loadConfig({ file: bundledConfigFile('default'), environment: {} });

beforeAll(async () => {
  api = await startApi({ clock: { now: () => now } });
  const { root } = api;
  for (const name of ['alice', 'bob']) {
    await root('POST', `/accounts/${name}`, { type: 'USER', email: `${name}@example.org` });
    await root('POST', `/accounts/${name}/identities`, {
      ...{ identity: name, authtype: 'USERPASS', email: null, password: 'correct horse' },
    });
  }
  await root('POST', '/accounts/alice/scopes/km3net');
  for (const [rse, type, continent, site] of [
    ['SHORE-DISK', 'DISK', 'EU', 'shore'],
    ['EU-DISK', 'DISK', 'EU', 'lyon'],
    ['US-DISK', 'DISK', 'NA', 'fermi'],
    ['EU-TAPE', 'TAPE', 'EU', 'lyon'],
    ['EU-STAGE', 'STAGE', 'EU', 'lyon'],
  ] as const) {
    const traits = {
      ...(type === 'TAPE' && { rse_type: 'TAPE' }),
      staging_area: type === 'STAGE',
      continent,
    };
    await root('POST', `/rses/${rse}`, traits);
    await root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
    for (const [key, value] of Object.entries({ type, site })) {
      await root('POST', `/rses/${rse}/attr/${key}`, { value });
    }
  }
  for (let at = 1; at <= 24; at++) {
    const dids = ['a', 'b'].map((part) => ({
      ...{ scope: 'km3net', name: `run${at}.${part}`, bytes: 1000, adler32: '00000001' },
    }));
    const body = { type: 'DATASET', dids, rse: 'SHORE-DISK' };
    await root('POST', `/dids/km3net/run${at}`, body);
  }
  const dids = [{ scope: 'km3net', name: 'run1' }];
  await root('POST', '/dids/km3net/all', { type: 'CONTAINER', dids });
  await judge();
  await logIn();
});
afterAll(() => api.close());

const JUDGES = [
  'judge-evaluator',
  'judge-injector',
  'judge-repairer',
  'judge-phaser',
  'judge-injector',
  'judge-cleaner',
  'judge-drifter',
] as const;

async function judge(): Promise<void> {
  const storages = openStorages(api.db, config);
  for (const name of JUDGES) {
    for (const daemon of reconcilersOf([name], { config, storages }))
      await shift(api.db, daemon, { now });
  }
}

/** What may happen between two examples. */
const MEANWHILE: readonly [RegExp, (...found: string[]) => Promise<unknown>][] = [
  [/^the judge works$/, judge],
  [
    /^the copies arrive$/,
    async () => {
      await judge();
      await api.db.tx((tx) => execute(tx, sql`UPDATE requests SET state = 'D', source_rse_id = 1`));
      await shift(api.db, conveyorFinisher(config), { now });
      await judge();
    },
  ],
  [/^an hour passes$/, () => later(3600)],
  [/^(\d+) days pass$/, (days = '') => later(Number(days) * 86_400)],
  [
    /^somebody reads (\S+)$/,
    (name = '') => api.db.tx((tx) => touchDids(tx, [{ scope: 'km3net', name, at: now, times: 1 }])),
  ],
];

async function logIn(): Promise<void> {
  [alice, admin] = [await api.as('alice'), await api.as('root')];
}

async function later(seconds: number): Promise<void> {
  now = new Date(now.getTime() + seconds * 1000 + 1);
  await logIn();
  await judge();
}

async function happens(what: string): Promise<void> {
  for (const [pattern, act] of MEANWHILE) {
    const found = pattern.exec(what);
    if (found) return void (await act(...found.slice(1)));
  }
  throw new Error(`nobody knows what happens when ${what}`);
}

const filled = (text: string): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => known.get(name) ?? `{${name}}`);

/** The answer as the page shows it: an id that is named here first is remembered. */
function promised(shown: unknown, given: unknown): unknown {
  if (shown === '…') return expect.anything();
  if (typeof shown === 'string') {
    const [, name] = /^\{(\w+)\}$/.exec(shown) ?? [];
    if (name === undefined || typeof given !== 'string') return filled(shown);
    if (given.length === 32 && !isShownAgain(name)) known.set(name, given);
    return known.get(name);
  }
  if (Array.isArray(shown)) {
    return shown.map((item, at) => promised(item, Array.isArray(given) ? given[at] : undefined));
  }
  if (typeof shown !== 'object' || shown === null) return shown;
  const object = given as Record<string, unknown> | undefined;
  return expect.objectContaining(
    Object.fromEntries(
      Object.entries(shown).map(([key, it]) => [key, promised(it, object?.[key])]),
    ),
  );
}

let naming = false;
const isShownAgain = (name: string): boolean => known.has(name) && !naming;

async function exchangeIs(exchange: Exchange): Promise<void> {
  const { method, path, body, status, outcome, answer, byAdmin } = exchange;
  const sent =
    body === undefined ? undefined : (JSON.parse(filled(JSON.stringify(body))) as unknown);
  const got = await (byAdmin ? admin : alice)(method, filled(path), sent);
  const error = got.headers['exceptionclass'];
  expect([got.status, error ?? got.text]).toEqual([
    status,
    status < 400 ? expect.any(String) : outcome,
  ]);
  if (answer === undefined) return;
  // A rule that is made gives a name its meaning, also one that had another before.
  naming = method === 'POST';
  const given = typeof got.body === 'string' ? (JSON.parse(got.text) as unknown) : got.body;
  expect(given).toEqual(promised(answer, given));
}

describe('the page on rules', () => {
  const chapters = chaptersOf('docs/rules.md');

  it.each(chapters.map((chapter) => [chapter.title, chapter] as const))(
    'is right about: %s',
    async (_, { steps }) => {
      for (const step of steps) {
        try {
          await (step.kind === 'meanwhile' ? happens(step.what) : exchangeIs(step.exchange));
        } catch (error) {
          throw new Error(`docs/rules.md, line ${step.line}: ${String(error)}`, { cause: error });
        }
      }
    },
  );

  const sent = chapters.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'exchange' ? [step.exchange] : [])),
  );

  it('has an example of every option of a rule, and of every change of one', async () => {
    const keysOf = (method: string, path: RegExp, of = (body: object) => body) =>
      sent
        .filter((it) => it.method === method && path.test(it.path) && it.status < 300)
        .flatMap(({ body }) => Object.keys(of(body as object)));
    // Who made a rule for a subscription is what subscriptions write.
    const options = Object.keys(ruleProperties).filter((key) => key !== 'subscription_id');
    expect(keysOf('POST', /^\/rules$/)).toEqual(expect.arrayContaining(['dids', ...options]));
    const { text } = await admin('PUT', `/rules/${'0'.repeat(32)}`, { options: { odd: 1 } });
    const [, changes = ''] = /options are ([\w, ]+)/.exec(text) ?? [];
    expect(changes.split(', ').length).toBeGreaterThan(15);
    const changed = keysOf('PUT', /^\/rules\//, (body) => (body as { options: object }).options);
    expect(changed).toEqual(expect.arrayContaining(changes.split(', ')));
  });

  it.each([
    ['a placement', { placement: { odd: 1 } }, 3],
    ['a part of a placement', { placement: { parts: [{ odd: 1 }] } }, 3],
    ['a phase', { phases: [{ odd: 1 }] }, 7],
    ['a repair policy', { copies: 1, rse_expression: '*', repair: { on_stuck: 'odd' } }, 4],
  ])('has an example of all that %s may say', async (_, odd, least) => {
    const dids = [{ scope: 'km3net', name: 'run1' }];
    const { text } = await alice('POST', '/rules/plan', { dids, ...odd });
    const known = /is none of ([\w, ]+)/.exec(text)?.[1]?.split(', ') ?? [];
    expect(known.length).toBeGreaterThanOrEqual(least);
    const shown = JSON.stringify(sent.filter(({ status }) => status < 300).map((it) => it.body));
    for (const word of known) expect(shown).toContain(`"${word}"`);
  });
});
