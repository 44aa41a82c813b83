import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApi, type TestApi } from '../../support/api.js';
import { aboutAccounts } from './accounts.js';
import { aboutCopies } from './copies.js';
import { aboutManyRules } from './many-rules.js';
import { aboutNames } from './names.js';
import { aboutPlans, planOfRules } from './plans.js';
import { sizedLake, type Sent, type SizedLake } from './sized-lake.js';
import { aboutWishes } from './wishes.js';

/*
 * A request costs as many statements for ten times the things: it speaks of the set. Listings that
 * read pages have pages of 500 and more; these sizes stay below.
 */
const SIZES = [4, 40] as const;

const sent: string[] = [];
type Query = (this: unknown, ...given: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const query = client.query;

let api: TestApi;
let lake: SizedLake;
beforeAll(async () => {
  client.query = function (...given) {
    const [statement] = given as [string | { text: string }];
    sent.push(typeof statement === 'string' ? statement : statement.text);
    return query.apply(this, given);
  };
  api = await startApi();
  lake = await sizedLake(api);
});
afterAll(async () => {
  client.query = query;
  await api.close();
});

/** The statements that PostgreSQL was asked for this request. */
async function statementsOf(request: Sent): Promise<readonly string[]> {
  sent.length = 0;
  await lake.send(...request);
  return [...sent];
}

/** Requests whose statements hold expressions that clients wrote. */
const EXPRESSIONS: readonly string[] = [
  'limits over many expressions',
  'usage over many expressions',
  'DIDs with rules over different RSEs',
];

/** What a request does by itself is done one by one; more than a few, or more different ones, are left to the injector. */
const ONE_BY_ONE: readonly string[] = [
  'rules on many containers',
  'rules that spread many datasets',
  'rules on files and datasets by turns',
  'DIDs with different rules',
  'DIDs with rules over different RSEs',
  'DIDs with rules of different accounts',
  'DIDs with rules of different phases',
  'DIDs with rules of different constraints',
];
const A_FEW = 9;

const kinds = Object.entries({
  ...aboutNames,
  ...aboutCopies,
  ...aboutWishes,
  ...aboutPlans,
  ...aboutAccounts,
  ...aboutManyRules,
}).map(([kind, request], at) => [kind, request, `k${at}`] as const);

it.each(kinds)('%s: as many statements for ten times as much', async (kind, request, tag) => {
  // The first of its kind may still learn what later ones remember.
  await statementsOf(await request(lake, 2, `${tag}a`));
  const some = ONE_BY_ONE.includes(kind) ? A_FEW : SIZES[0];
  const few = await statementsOf(await request(lake, some, `${tag}b`));
  const many = await statementsOf(await request(lake, SIZES[1], `${tag}c`));
  expect(few.length).toBeGreaterThan(0);
  // Of expressions there are no more statements, but one that is as long as all of them.
  if (EXPRESSIONS.includes(kind)) expect(many.length).toBe(few.length);
  else expect(many).toEqual(few);
});

/** What each rule of a plan finds is what those before it leave. */
const STATEMENTS_A_RULE = 10;

it.each([
  ['the same', () => 'B-DISK'],
  ['something else each', (at: number) => `B-DISK${'|B-DISK'.repeat(at)}`],
])('rules that want %s are planned by few statements each', async (want, expressionOf) => {
  const tag = want.replaceAll(' ', '');
  const count = async (size: number) =>
    (await statementsOf(await planOfRules(lake, size, `${tag}${size}`, expressionOf))).length;
  await count(2);
  const [few, many] = [await count(SIZES[0]), await count(SIZES[1])];
  expect((many - few) / (SIZES[1] - SIZES[0])).toBeLessThanOrEqual(STATEMENTS_A_RULE);
});
