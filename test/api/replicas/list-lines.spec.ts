import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listLines } from '../../../src/api/replicas/list-lines.js';
import { listRows } from '../../../src/api/replicas/list-rows.js';
import { presentListed } from '../../../src/api/replicas/listing.presenter.js';
import { parseListing } from '../../../src/api/replicas/listing.request.js';
import { type ListingContext } from '../../../src/api/replicas/sign-pfns.js';
import { bundledConfigFile, loadConfig } from '../../../src/config/index.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { fillListedLake } from '../../support/listed-lake.js';
import { type Listen, listening } from '../../support/plans.js';
import '../../support/properties.js';

const named = (scope: string, ...names: string[]) => names.map((name) => ({ scope, name }));
const collections = named('km3net', 'plain', 'registered', 'climbing', 'archived', 'all');
const files = [
  ...named('km3net', 'A_plain4', '9-..plain2', '/a//b.plain6', 'A_archived10', 'zip', 'none'),
  ...named('user.alice.b', 'A_plain1', '9-..plain5', '/a//b.plain3', '9-..registered17'),
];
const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
};
const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
const schemes = fc.subarray(['root', 'https', 'davs', 'file', 'memory', 'gsiftp']);

/** What a client may ask, but for rows drawn or shuffled by lot. */
const bodies = fc.record({
  dids: fc.oneof(
    fc.subarray(files).map((more) => [...named('km3net', 'plain'), ...more]),
    fc.subarray(collections),
    fc.subarray([...collections, ...files]),
    fc.subarray(files),
  ),
  schemes: maybe(schemes),
  domain: fc.constantFrom(null, 'wan', 'lan', 'all'),
  rse_expression: fc.constantFrom(null, 'tier=1', 'NEAR|TAPE', '*\\PLAINLY', 'REGISTERED'),
  client_location: fc.constantFrom(
    null,
    { ip: '10.1.2.3', fqdn: 'pc.example', site: 'ROAMING' },
    { site: 'MARSEILLE' },
    { latitude: -34, longitude: 18 },
  ),
  sort: fc.constantFrom(null, 'geoip', 'custom_table'),
  all_states: fc.boolean(),
  unavailable: fc.boolean(),
  ignore_availability: fc.boolean(),
  resolve_archives: fc.boolean(),
  updated_after: fc.constantFrom(null, '2026-01-05T00:00:00'),
});

describe('lines of a listing', () => {
  let base: TestDatabase;
  let context: ListingContext;
  let listen: Listen;
  beforeAll(async () => {
    base = await testDatabase();
    await fillListedLake(base.db);
    const heard = listening(base.db);
    ({ listen } = heard);
    const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
    context = { db: heard.db, config, now: new Date(), sign: false };
  });
  afterAll(() => base.close());

  const lines = async (body: object) => {
    const texts = await all(listLines(context, parseListing(body)));
    return texts.flatMap((text) => text.split('\n'));
  };
  const rows = async (body: object) => {
    const found = await all(listRows(context, parseListing(body)));
    return found.map(presentListed);
  };

  it('are the same letter for letter whether the database writes them or we do', async () => {
    const same = async (body: object) => expect(await lines(body)).toEqual(await rows(body));
    await fc.assert(fc.asyncProperty(bodies, same), { numRuns: 150 });
  });

  it('are JSON, and tell of every file that has a copy', async () => {
    const found = await lines({ dids: named('km3net', 'plain'), ignore_availability: true });
    const told = found.map((line) => JSON.parse(line) as { pfns: object; rses: object });
    expect(told.length).toBeGreaterThan(20);
    expect(told.some(({ pfns }) => Object.keys(pfns).length > 1)).toBe(true);
  });

  const byDatabase = async (body: object) => {
    const heard = await listen(() => lines(body));
    return (
      heard.some(({ text }) => /alike/.test(text)) &&
      !heard.some(({ text }) => /"rseIds"/.test(text))
    );
  };

  it('are written by the database for what the client sends by default', async () => {
    const body = {
      dids: named('km3net', 'plain'),
      domain: null,
      all_states: false,
      ignore_availability: true,
      resolve_archives: true,
      resolve_parents: false,
      client_location: { ip: '10.1.2.3', fqdn: 'pc.example', site: 'ROAMING' },
    };
    expect(await byDatabase(body)).toBe(true);
    expect(await byDatabase({ ...body, schemes: ['root', 'https'], sort: 'geoip' })).toBe(true);
  });

  it.each([
    ['registered paths', { dids: named('km3net', 'registered') }],
    ['names that climb', { dids: named('km3net', 'climbing') }],
    ['members of archives', { dids: named('km3net', 'archived'), resolve_archives: true }],
    ['parents', { dids: named('km3net', 'plain'), resolve_parents: true }],
    ['an order by lot', { dids: named('km3net', 'plain'), sort: 'random' }],
  ])('are written by us for %s', async (_, body) => {
    expect(await byDatabase(body)).toBe(false);
  });
});
