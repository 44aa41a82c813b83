import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const kept = async () =>
  await api.db.read((tx) =>
    rows<{ payload: Record<string, unknown>; address: string }>(
      tx,
      sql`SELECT payload, address FROM traces ORDER BY created_at`,
    ),
  );
const send = async (body: unknown, path = '/traces/') =>
  (await api.anonymous('POST', path, body)).status;

describe('POST /traces/', () => {
  it('keeps what anybody says, one or many, with where it came from', async () => {
    expect(await send({ eventType: 'download', vo: null })).toBe(201);
    expect(await send([{ eventType: 'upload' }, { eventType: 'touch' }], '/traces')).toBe(201);
    const found = await kept();
    expect(found.map(({ payload }) => payload['eventType'])).toEqual([
      'download',
      'upload',
      'touch',
    ]);
    expect(found[0]?.address).toBe('127.0.0.1');
  });

  it('keeps no signature', async () => {
    const stateReason = 'PUT https://disk/f?authz=Bearer%20ey.Jh.b failed';
    await send({ eventType: 'upload', stateReason });
    const last = (await kept()).at(-1);
    expect(JSON.stringify(last)).not.toContain('ey.Jh.b');
    expect(JSON.stringify(last)).toContain('https://disk/f');
  });

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['a list of texts', ['a', 'b']],
    ['a trace without end', { text: 'x'.repeat(20_000) }],
    ['a zero byte', { text: 'a\u0000b\\u0000' }],
  ])('answers the same to %s', async (_, body) => {
    expect(await send(body)).toBe(201);
  });

  it('takes no more than a thousand at once', async () => {
    const before = (await kept()).length;
    await send(Array.from({ length: 1500 }, (_, i) => ({ i })));
    expect((await kept()).length - before).toBe(1000);
  });
});

describe('traces of downloads', () => {
  const WAITING = sql`SELECT d.name FROM verifications v JOIN dids d ON d.id = v.did_id ORDER BY d.name`;
  const waiting = async () =>
    (await api.db.read((tx) => rows<{ name: string }>(tx, WAITING))).map(({ name }) => name);
  const trace = (filename: string, clientState: string) => ({
    eventType: 'download',
    scope: 'km3net',
    filename,
    remoteSite: 'DISK',
    clientState,
  });

  beforeAll(async () => {
    const { root } = api;
    await root('POST', '/accounts/root/scopes/km3net');
    await root('POST', '/rses/DISK', { deterministic: true });
    const names = ['read', 'broken', 'gone', ...Array.from({ length: 150 }, (_, i) => `many${i}`)];
    const files = names.map((name) => ({ scope: 'km3net', name, bytes: 1, adler32: '00000001' }));
    await root('POST', '/replicas', { rse: 'DISK', files });
  });

  it('have a copy looked at that was read in vain, and change nothing about it', async () => {
    await send([
      trace('read', 'DONE'),
      trace('broken', 'FAIL_VALIDATE'),
      trace('gone', 'FAILED'),
      trace('nothing', 'FAILED'),
      { ...trace('read', 'FAILED'), eventType: 'upload' },
    ]);
    expect(await waiting()).toEqual(['broken', 'gone']);
    const found = await api.db.read((tx) =>
      rows(tx, sql`SELECT state::text, count(*)::int AS copies FROM replicas GROUP BY 1`),
    );
    expect(found).toEqual([{ state: 'A', copies: 153 }]);
    const said = await api.db.read((tx) => rows(tx, sql`SELECT FROM bad_replicas`));
    expect(said).toEqual([]);
  });

  it('have no more than a hundred looked at a minute', async () => {
    await send(Array.from({ length: 150 }, (_, i) => trace(`many${i}`, 'FAILED')));
    expect((await waiting()).length).toBeLessThanOrEqual(100);
    expect((await waiting()).length).toBeGreaterThan(90);
  });
});
