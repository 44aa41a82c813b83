import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ident, only, rows, sql } from '../../src/db/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../support/api.js';
import { tellStory } from '../fuzz/story.js';

/** Texts that change a statement in which they are pasted; each names something that would show. */
const ATTACKS = [
  "' OR '1'='1",
  "' OR 1=1 --",
  "x'; DROP TABLE dids; --",
  "x'); DELETE FROM accounts; --",
  "' UNION SELECT hash::text, NULL FROM tokens --",
  "\\'; SELECT pg_sleep(20); --",
  '"; SELECT pg_sleep(20); --',
  '$1',
  '${1+1}',
  '%27%20OR%201=1',
  "E'\\047'",
  '*/ OR 1=1 /*',
  "' || (SELECT password_hash FROM identities LIMIT 1) || '",
  '") || (1 == 1',
  '"] ? (true) || $."x',
  '$ ? (@ like_regex ".*")',
  '1; SET ROLE postgres',
  "name' = name OR 'x",
];

let api: TestApi;
let root: Call;
beforeAll(async () => {
  api = await startApi();
  ({ root } = api);
  await tellStory(api);
  await root('POST', '/dids/wire/secret/meta', { meta: { own: 'kept', n: 7 } });
});
afterAll(() => api.close());

const enc = encodeURIComponent;
/** As Python writes a text. */
const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const filters = (text: string) => enc(`[${text}]`);

/** Everything an attack could have taken or changed, counted. */
async function counts(): Promise<Record<string, number>> {
  return await api.db.read(async (tx) => {
    const tables = await rows<{ name: string }>(
      tx,
      sql`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
    );
    const found: Record<string, number> = {};
    for (const { name } of tables) {
      const row = await only<{ n: number }>(tx, sql`SELECT count(*)::int AS n FROM ${ident(name)}`);
      found[name] = row.n;
    }
    return found;
  });
}

type Attack = (text: string) => Promise<Answer>;

/** Where a client's text meets a statement. */
const places: readonly (readonly [string, Attack])[] = [
  [
    'a filter value',
    (t) =>
      root('GET', `/dids/wire/dids/search?type=all&filters=${filters(`{'name': ${literal(t)}}`)}`),
  ],
  [
    'a filter key',
    (t) => root('GET', `/dids/wire/dids/search?type=all&filters=${filters(`{${literal(t)}: 1}`)}`),
  ],
  [
    'a filter on an own key',
    (t) =>
      root('GET', `/dids/wire/dids/search?type=all&filters=${filters(`{'own': ${literal(t)}}`)}`),
  ],
  [
    'an order of an own key',
    (t) =>
      root(
        'GET',
        `/dids/wire/dids/search?type=all&filters=${filters(`{${literal(`${t}.gte`)}: 1}`)}`,
      ),
  ],
  [
    'an order of an own text',
    (t) =>
      root(
        'GET',
        `/dids/wire/dids/search?type=all&filters=${filters(`{'own.gt': ${literal(t)}}`)}`,
      ),
  ],
  [
    'a wildcard',
    (t) =>
      root(
        'GET',
        `/dids/wire/dids/search?type=all&filters=${filters(`{'name': ${literal(`${t}*`)}}`)}`,
      ),
  ],
  ['the whole filter', (t) => root('GET', `/dids/wire/dids/search?type=all&filters=${enc(t)}`)],
  ['an RSE expression', (t) => root('GET', `/rses?expression=${enc(t)}`)],
  ['an attribute in an RSE expression', (t) => root('GET', `/rses?expression=${enc(`tier=${t}`)}`)],
  [
    'a listing by RSE expression',
    (t) =>
      root('POST', '/replicas/list', { dids: [{ scope: 'wire', name: 'ds1' }], rse_expression: t }),
  ],
  ['a scope', (t) => root('GET', `/dids/${enc(t)}/ds1`)],
  ['a name', (t) => root('GET', `/dids/wire/${enc(t)}`)],
  ['an account', (t) => root('GET', `/accounts/${enc(t)}`)],
  ['a list of accounts', (t) => root('GET', `/accounts?account=${enc(t)}`)],
  ['an account attribute', (t) => root('GET', `/accounts?${enc(t)}=${enc(t)}`)],
  ['an identity', (t) => root('GET', `/identities/${enc(t)}/userpass/accounts`)],
  ['an RSE', (t) => root('GET', `/rses/${enc(t)}`)],
  ['a rule filter', (t) => root('GET', `/rules?scope=${enc(t)}&comments=${enc(t)}`)],
  ['a key of a rule filter', (t) => root('GET', `/rules?${enc(t)}=1`)],
  ['a rule id', (t) => root('GET', `/rules/${enc(t)}`)],
  ['a guid', (t) => root('GET', `/dids/${enc(t)}/guid`)],
  ['a section of settings', (t) => root('GET', `/config/${enc(t)}/${enc(t)}`)],
  ['a convention', (t) => root('GET', `/meta_conventions/${enc(t)}`)],
  ['a physical name', (t) => root('POST', '/replicas/dids', { rse: 'WIRE-DISK-1', pfns: [t] })],
  [
    'a user name',
    (t) =>
      api.anonymous('GET', '/auth/userpass', undefined, {
        'X-Rucio-Username': t,
        'X-Rucio-Password': t,
        'X-Rucio-Account': 'root',
      }),
  ],
  ['a token', (t) => api.anonymous('GET', '/rses', undefined, { 'X-Rucio-Auth-Token': t })],
];

/** Rows where none should be, or what a hash of a password looks like. */
const shows = ({ status, text, body }: Answer): string => {
  if (text.includes('$argon2')) return text;
  return status >= 400 || (Array.isArray(body) && body.length === 0) ? '' : text;
};

describe('SQL in', () => {
  it.each(places)('%s is a text like any other', async (_, attack) => {
    const before = await counts();
    for (const text of ATTACKS) {
      const began = performance.now();
      const answer = await attack(text);
      expect([text, answer.status < 500]).toEqual([text, true]);
      expect([text, shows(answer)]).toEqual([text, '']);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
    expect(await counts()).toEqual(before);
  });
});

describe('what is stored comes back letter for letter', () => {
  it.each(ATTACKS)('%s', async (text) => {
    const key = 'odd';
    await root('POST', '/dids/wire/ds1/meta', { meta: { [key]: text } });
    const meta = await root('GET', '/dids/wire/ds1/meta?plugin=JSON');
    expect(meta.body).toMatchObject({ [key]: text });
    const found = await root(
      'GET',
      `/dids/wire/dids/search?type=all&filters=${filters(`{'odd': ${literal(text)}}`)}`,
    );
    // A star is a wildcard in a filter: it finds the same and perhaps more.
    expect(found.body).toEqual(['ds1']);
    await root('POST', '/config', { odd: { option: text } });
    expect((await root('GET', '/config/odd/option')).body).toBe(text);
    await root('POST', '/rses/WIRE-DISK-1/attr/odd', { value: text });
    expect((await root('GET', '/rses/WIRE-DISK-1/attr')).body).toMatchObject({ odd: text });
  });
});
