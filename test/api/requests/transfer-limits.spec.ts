import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/rses/DISK', {});
});
afterAll(() => api.close());

const PATH = '/requests/transfer_limits';
const list = async () => (await api.root('GET', PATH)).body as Record<string, unknown>[];

describe('transfer limits', () => {
  it('are set as the official client sends them, and listed by Rucio’s names', async () => {
    const body = {
      rse_expression: 'DISK',
      activity: 'Staging',
      direction: 'S',
      max_transfers: 7,
      volume: null,
      deadline: 2,
      strategy: 'grouped_fifo',
      transfers: null,
      waitings: null,
    };
    expect((await api.root('PUT', PATH, body)).status).toBe(201);
    const answer = await api.root('GET', PATH);
    expect(answer.headers['content-type']).toBe('application/x-json-stream');
    expect(answer.body).toEqual([
      {
        ...body,
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        direction: 'SOURCE',
        created_at: expect.stringMatching(/UTC$/),
        updated_at: expect.stringMatching(/UTC$/),
      },
    ]);
    await api.root('DELETE', PATH, { rse_expression: 'DISK', activity: 'Staging', direction: 'S' });
  });

  it('are one for each expression, activity and direction; null leaves what is said', async () => {
    await api.root('PUT', PATH, { rse_expression: 'DISK', max_transfers: 5, deadline: 9 });
    await api.root('PUT', PATH, { rse_expression: 'DISK', direction: 'SOURCE', max_transfers: 6 });
    await api.root('PUT', PATH, { rse_expression: 'DISK', max_transfers: 8, deadline: null });
    expect(await list()).toMatchObject([
      { direction: 'DESTINATION', activity: 'all_activities', max_transfers: 8, deadline: 9 },
      { direction: 'SOURCE', max_transfers: 6 },
    ]);
    const key = { rse_expression: 'DISK', activity: null, direction: 'D' };
    expect((await api.root('DELETE', PATH, key)).status).toBe(200);
    expect(await list()).toMatchObject([{ direction: 'SOURCE' }]);
    expect((await api.root('DELETE', PATH, key)).status).toBe(200);
  });

  it.each([
    [{}, 'KeyError', 'rse_expression'],
    [{ rse_expression: 'NOWHERE', max_transfers: 1 }, 'InvalidRSEExpression', 'NOWHERE'],
    [{ rse_expression: 'A B', max_transfers: 1 }, 'InvalidRSEExpression', 'A B'],
    [{ rse_expression: 'DISK', activity: 'Fishing' }, 'InvalidObject', 'Fishing'],
    [{ rse_expression: 'DISK', direction: 'UP' }, 'InvalidObject', 'UP'],
    [{ rse_expression: 'DISK', max_transfers: -1 }, 'InvalidObject', 'max_transfers'],
    [{ rse_expression: 'DISK', max_transfers: 'many' }, 'InvalidObject', 'max_transfers'],
    [{ rse_expression: 'DISK', strategy: 'lifo' }, 'InvalidObject', 'strategy'],
  ])('refuses %j as %s', async (body, fact, word) => {
    const answer = await api.root('PUT', PATH, body);
    expect([answer.status, answer.headers['exceptionclass']]).toEqual([400, fact]);
    expect(answer.text).toContain(word);
  });
});
