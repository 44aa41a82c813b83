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
