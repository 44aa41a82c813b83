import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rows, sql } from '../../../src/db/index.js';
import { setting } from '../../../src/settings/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/config', {
    messaging: { password: 'hidden-1', host: 'mq.example' },
    broker: { url: 'amqp://sluice:hidden-2@mq.example' },
    credentials: { s3: 'hidden-3' },
  });
  await api.root('PUT', '/config/fts/api_token/hidden-4');
});
afterAll(() => api.close());

describe('a secret among the settings', () => {
  it.each([
    ['/config'],
    ['/config/messaging'],
    ['/config/messaging/password'],
    ['/config/broker/url'],
    ['/config/fts/api_token'],
  ])('is not shown by %s', async (path) => {
    const { status, text } = await api.root('GET', path);
    expect(status).toBe(200);
    expect(text).not.toContain('hidden');
    expect(text).toContain('***');
  });

  it('does not hide what stands beside it', async () => {
    const { body } = await api.root('GET', '/config/messaging');
    expect(body).toEqual({ host: 'mq.example', password: '***' });
  });

  it('does not stand in the record of changes', async () => {
    const noted = await api.db.read((tx) =>
      rows<{ change: object; subject: string }>(
        tx,
        sql`SELECT subject, change FROM audit WHERE action = 'config.set' ORDER BY subject`,
      ),
    );
    expect(noted).toHaveLength(5);
    expect(JSON.stringify(noted)).not.toContain('hidden');
    expect(noted.find(({ subject }) => subject === 'messaging.host')?.change).toEqual({
      value: 'mq.example',
    });
  });

  it('is there for those who use it, and is not written over by what was shown', async () => {
    for (const body of [{ messaging: { password: '***' } }, { broker: { url: '***' } }]) {
      const answer = await api.root('POST', '/config', body);
      expect([answer.status, answer.headers['exceptionclass']]).toEqual([400, 'InvalidObject']);
    }
    expect(await api.db.read((tx) => setting(tx, 'messaging', 'password'))).toBe('hidden-1');
  });
});
