import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type Route } from '../../src/routes.js';
import { type Known, recordedFor } from './story.js';

/** A request without its sender. */
export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const LONG = 'x'.repeat(300);

/** Texts that have broken somebody's parser. */
const nastyText = fc.constantFrom(
  '',
  ' ',
  '0',
  '-1',
  '*',
  '%',
  '\0',
  'a\0b',
  'a\r\nSet-Cookie: b',
  '\u001b[2J',
  '../../etc/passwd',
  '//',
  "'",
  '"',
  "'; DROP TABLE dids; --",
  "' OR '1'='1",
  '\\',
  '$1',
  'null',
  'NaN',
  'é',
  '\u{1F600}',
  '\ud800',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '2026-13-45T25:61:61',
  '9'.repeat(40),
  LONG,
  'y'.repeat(5000),
);

/** What the story is about, so that a part of the requests gets past the first look-up. */
const knownText = fc.constantFrom(
  'wire',
  'ds1',
  'ds2',
  'top',
  'c1',
  'bulk1',
  'run1.root',
  'rep1.root',
  'WIRE-DISK-1',
  'WIRE-DISK-2',
  'WIRE-TAPE',
  'wire-alice',
  'wire-filter',
  'user.wire-alice',
  'DATASET',
  'FILE',
  'CONTAINER',
  'https',
  'tier=1',
  'A',
  'D',
  '1a0b0c01',
  '2e1a6c1b0f3d4b8ea1a2b3c4d5e6f701',
  'https://disk1.wire.example:443/data/wire/3d/3d/rep4.root',
);

/** RSE expressions and DID filters, right ones and broken ones. */
const expressionText = fc.constantFrom(
  '*',
  'tier=1&type=DISK',
  'tier=1|(continent=EU\\WIRE-TAPE)',
  'availability>7',
  'a=1'.repeat(200),
  '('.repeat(3000),
  'tier==1',
  "tier='1",
  'x=1;SELECT pg_sleep(9)',
  "[{'name': 'ds*'}]",
  "[{'run_number.gte': 25290, 'Production': 'TeV_low'}]",
  "[{'a.b.c.d': 1}]",
  "[{'run_number.gte': 1e999}]",
  "[{'created_after': 'never'}]",
  "[{'x': __import__('os')}]",
  `[{'name': ${'9'.repeat(60)}}]`,
  `${'['.repeat(2000)}`,
  "[{'__proto__': 1, 'constructor.like': 'x'}]",
  "[{'name.like': '%'}, {'or_group': [{'x': None}]}]",
  'length.gt=5;name=x',
  '{"run_number.gte": true}',
);

const text = fc.oneof(
  { weight: 4, arbitrary: knownText },
  { weight: 4, arbitrary: nastyText },
  { weight: 2, arbitrary: expressionText },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

/** Written into the JSON as it stands, without quotes: numbers that JavaScript cannot write. */
const RAW = /"@@([^"@]*)@@"/g;
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e308, 5e-324),
  fc.constantFrom('@@1e400@@', '@@-1e400@@', '@@123456789012345678901234567890@@', '@@1E2@@'),
  fc.integer(),
  fc.double({ noNaN: true }),
);
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null));

const deep = fc
  .tuple(fc.integer({ min: 5, max: 200 }), fc.boolean())
  .map(([levels, list]) =>
    Array.from({ length: levels }).reduce<unknown>((inner) => (list ? [inner] : { x: inner }), 1),
  );

/** What cannot be made a text. */
const WORDLESS = { toString: 1, valueOf: null };

const valueOf = (key: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      { weight: 5, arbitrary: scalar },
      { weight: 1, arbitrary: deep },
      { weight: 1, arbitrary: fc.constant(WORDLESS) },
      { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
      { weight: 3, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 5 }) },
    ),
  })).value;

/** Every place in a JSON value, as keys from the root. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, key]))];
}

const LEFT_OUT = Symbol('left out');

/** The value with one place filled otherwise, or left out. */
function spoil(value: unknown, [first, ...rest]: readonly string[], by: unknown): unknown {
  if (first === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  const spoilt = spoil(copy[first], rest, by);
  if (spoilt === LEFT_OUT) delete copy[first];
  else copy[first] = spoilt;
  return copy;
}

/** Another value of the same kind: wrong, but not to be told by its type. */
function likeThis(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value === 'string') return knownText;
  if (typeof value === 'number') return number;
  if (typeof value === 'boolean') return fc.boolean();
  if (Array.isArray(value)) {
    const list = value as unknown[];
    return fc.constantFrom([], [...list, ...list], list.slice(1));
  }
  return fc.constantFrom({}, null);
}

const placeOf = (value: unknown, place: readonly string[]): unknown =>
  place.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);

function spoiled(right: unknown, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.constantFrom(...placesOf(right)).chain((place) => {
    const wrong = fc.oneof(
      { weight: 3, arbitrary: value },
      { weight: 5, arbitrary: likeThis(placeOf(right, place)) },
      { weight: place.length === 0 ? 0 : 1, arbitrary: fc.constant(LEFT_OUT) },
    );
    return wrong.map((by) => spoil(right, place, by));
  });
}

const brokenJson = fc.constantFrom(
  '{',
  '[1,',
  '"\\ud800"',
  '\0',
  '{"a":1,"a":2}',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '['.repeat(20_000),
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  'NaN',
  '{"bytes":Infinity}',
  '1',
  '"text"',
  'null',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '\ufeff{}',
  '<xml/>',
  'a=1&b=2',
);

const apiSources = new URL('../../src/api/', import.meta.url);

/** The words that the sources of a noun use as keys and parameters. */
function wordsOf(noun: string): string[] {
  const folder = new URL(`${noun.replace(/^nongrid_|^bulk/, '').replace('_', '-')}/`, apiSources);
  let files: string[];
  try {
    files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  } catch {
    return [];
  }
  const found = files.flatMap((name) => {
    const source = readFileSync(new URL(name, folder), 'utf8');
    return [...source.matchAll(/\b([a-z][a-z0-9_]{1,30})(?=:\s|'\])/g)].map(([word]) => word);
  });
  return [...new Set(found)].sort();
}

const ALWAYS = ['scope', 'name', 'rse', 'dids', '__proto__', 'constructor', 'x'];

const rawSegment = fc.constantFrom(
  '%2F',
  '%2Fa%2Fb',
  '%00',
  'a%00b',
  '%0d%0aX-Evil:%201',
  '..',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '%',
  '%zz',
  '%c3%28',
  '%ff',
  '+',
  ';x=1',
  '%3Fa=1',
  '%23',
  LONG,
  'z'.repeat(3000),
);

/** Well formed: a lone surrogate has no place in a URL. */
const encode = (value: string): string => encodeURIComponent(value.toWellFormed());

/** A path parameter: a value that is there most of the time, or a dangerous one. */
function segmentOf(there: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 7, arbitrary: there.length > 0 ? fc.constantFrom(...there) : text.map(encode) },
    { weight: 2, arbitrary: text.map(encode) },
    { weight: 1, arbitrary: rawSegment },
  );
}

const header = fc.constantFrom<[string, string][]>(
  ['Accept', 'application/json'],
  ['Accept', 'application/x-json-stream'],
  ['Accept', 'application/metalink4+xml'],
  ['Accept', 'text/html'],
  ['Accept', '*/*;q=0'],
  ['Accept', ';;,,=;q=x'],
  ['Accept', 'a/'.repeat(2000)],
  ['Accept-Encoding', 'gzip, br;q=x'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Type', 'multipart/form-data; boundary=x'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Type', ';'],
  ['Content-Encoding', 'gzip'],
  ['X-Rucio-Account', "root'--"],
  ['X-Rucio-Account', '\u00e9\u00ff'],
  ['X-Rucio-VO', 'x'.repeat(1000)],
  ['X-Rucio-Username', 'root'],
  ['X-Rucio-Password', "' OR 1=1 --"],
  ['X-Forwarded-For', '127.0.0.1, ::1, x'],
  ['X-Forwarded-Proto', 'gopher'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Host', 'evil.example:99999'],
  ['Range', 'bytes=0-0,-1'],
  ['If-None-Match', '*'],
  ['Expect', '100-continue'],
  ['Cookie', '__proto__=1'],
  ['Origin', 'null'],
);

const encodeBody = (value: unknown): string => JSON.stringify(value).replace(RAW, '$1');

/** Requests for one route: near the recorded ones, near its own words, and neither. */
export function requestsFor({ method, path: route }: Route, known: Known): fc.Arbitrary<Sent> {
  const recorded = recordedFor(method, route);
  const words = [...new Set([...ALWAYS, ...wordsOf(route.split('/')[1] ?? '')])];
  const key = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: nastyText },
  );
  return fc.record({
    path: fc
      .tuple(pathsFor(route, recorded, known), queriesFor(key, recorded))
      .map(([path, query]) => path + query),
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.array(header, { maxLength: 2 }).map(Object.fromEntries) },
    ) as fc.Arbitrary<Record<string, string>>,
    body: method === 'GET' ? fc.constant(undefined) : bodiesFor(valueOf(key), key, recorded),
  });
}

interface Recorded {
  readonly path: string;
  readonly body?: unknown;
}

function bodiesFor(
  value: fc.Arbitrary<unknown>,
  key: fc.Arbitrary<string>,
  recorded: readonly Recorded[],
): fc.Arbitrary<string | undefined> {
  const right = recorded.map(({ body }) => body).filter((body) => typeof body === 'object');
  const near = right.length > 0 ? fc.constantFrom(...right) : fc.constant({});
  return fc.oneof(
    { weight: 1, arbitrary: near.map(encodeBody) },
    { weight: 8, arbitrary: near.chain((body) => spoiled(body, value)).map(encodeBody) },
    { weight: 2, arbitrary: fc.dictionary(key, value, { maxKeys: 6 }).map(encodeBody) },
    { weight: 1, arbitrary: near.map((body) => encodeBody([body, body])) },
    { weight: 1, arbitrary: value.map(encodeBody) },
    { weight: 1, arbitrary: brokenJson },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

function pathsFor(
  route: string,
  recorded: readonly Recorded[],
  known: Known,
): fc.Arbitrary<string> {
  const split = recorded.map(({ path }) => path.replace(/\?.*/, '').split('/'));
  const segments = route.split('/').map((segment, i) => {
    if (!segment.startsWith(':')) return fc.constant(segment);
    const seen = split.map((parts) => parts[i] ?? '').filter((part) => /^[^{]+$/.test(part));
    const place = route
      .split('/')
      .slice(0, i + 1)
      .join('/');
    const there = known[place] ?? known[segment.slice(1)] ?? [];
    return segmentOf([...new Set([...seen, ...there])]);
  });
  return fc
    .tuple(fc.tuple(...segments), fc.constantFrom('', '', '', '', '/', '//'))
    .map(([parts, end]) => parts.join('/') + end);
}

const brokenQuery = fc.constantFrom(
  '?',
  '?%',
  '?a=%zz',
  '?a[b]=1&a[b]=2',
  '?a=1&a=2',
  `?a=${LONG}`,
  '?&&==',
);

function queriesFor(
  key: fc.Arbitrary<string>,
  recorded: readonly Recorded[],
): fc.Arbitrary<string> {
  const right = recorded.map(({ path }) => /\?.*/.exec(path)?.[0] ?? '');
  const flag = fc.constantFrom('True', 'false', '1', '0', 'maybe', '-1', '1e9', '0x10');
  const item = fc.tuple(key, fc.oneof({ weight: 6, arbitrary: text }, flag));
  const pair = item.map(([name, value]) => `${encode(name)}=${encode(value)}`);
  const pairs = fc.array(pair, { minLength: 1, maxLength: 3 }).map((them) => them.join('&'));
  const near = right.length > 0 ? fc.constantFrom(...right) : fc.constant('');
  const turned = fc
    .tuple(near, text)
    .map(([query, by]) => query.replace(/=[^&]*/, `=${encode(by).replaceAll('$', '')}`));
  return fc.oneof(
    { weight: 4, arbitrary: near },
    { weight: 3, arbitrary: turned },
    { weight: 2, arbitrary: fc.tuple(near, pairs).map(([a, b]) => `${a || '?'}&${b}`) },
    { weight: 2, arbitrary: pairs.map((them) => `?${them}`) },
    { weight: 1, arbitrary: brokenQuery },
  );
}
