import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApi, type TestApi } from '../../support/api.js';
import { aboutAccounts } from './accounts.js';
import { aboutCopies } from './copies.js';
import { aboutNames } from './names.js';
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

/**
 * Requests that are many in one. As many statements for each thing named as stand here, and no more.
 *
 * A rule over a container: a dataset's place is decided by the room that the datasets before it left,
 * and is remembered at the cursor, so that a large rule goes on after a crash; its size and where it
 * is (2), the decision (1), its files held (1) and placed (1). A request places so many itself only
 * below `synchronousLocksMax`; beyond that it is the injector's, slice by slice.
 *
 * Expressions: no more statements, but one that is as long as all of them.
 */
const EACH: Readonly<Record<string, number>> = {
  'a rule over a container': 5,
  'limits over many expressions': 0,
  'usage over many expressions': 0,
};

const kinds = Object.entries({
  ...aboutNames,
  ...aboutCopies,
  ...aboutWishes,
  ...aboutAccounts,
}).map(([kind, request], at) => [kind, request, `k${at}`] as const);

it.each(kinds)('%s: as many statements for ten times as much', async (kind, request, tag) => {
  // The first of its kind may still learn what later ones remember.
  await statementsOf(await request(lake, 2, `${tag}a`));
  const few = await statementsOf(await request(lake, SIZES[0], `${tag}b`));
  const many = await statementsOf(await request(lake, SIZES[1], `${tag}c`));
  expect(few.length).toBeGreaterThan(0);
  const each = EACH[kind];
  if (each === undefined) expect(many).toEqual(few);
  else expect((many.length - few.length) / (SIZES[1] - SIZES[0])).toBe(each);
});
