import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addAccountUsage, findAccount } from '../../../src/accounts/index.js';
import { execute, sql } from '../../../src/db/index.js';
import { findRse } from '../../../src/rses/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/accounts/alice', { type: 'USER', email: null });
  for (const rse of ['NEAR', 'FAR', 'FREE']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/rses/${rse}/attr/tier`, { value: 1 });
  }
  await api.root('POST', '/accounts/alice/limits/local/NEAR', { bytes: 1000 });
  await api.root('POST', '/accounts/alice/limits/local/FREE', { bytes: -1 });
  await api.root('POST', '/accounts/alice/limits/global/tier=1', { bytes: 5000 });
  await charge('NEAR', 400);
  await charge('FAR', 70);
});
afterAll(() => api.close());

const charge = (rseName: string, bytes: number) =>
  api.db.tx(async (tx) => {
    const account = await findAccount(tx, 'alice');
    const rse = await findRse(tx, rseName);
    await execute(
      tx,
      addAccountUsage(
        sql`SELECT ${account.id}::int AS account_id, ${rse.id}::int AS rse_id,
          2::bigint AS files, ${bytes}::bigint AS bytes`,
      ),
    );
  });
const lines = (text: string): string[] => text.split('\n').filter(Boolean);

it('usage shows limits, charges and what is left, Infinity as the bare word', async () => {
  const { text } = await api.root('GET', '/accounts/alice/usage/local');
  const shown = lines(text).map((line) => line.replace(/"rse_id":"[0-9a-f]{32}",/, ''));
  expect(shown).toEqual([
    '{"rse":"FAR","bytes":70,"files":2,"bytes_limit":0,"bytes_remaining":-70}',
    '{"rse":"FREE","bytes":0,"files":0,"bytes_limit":Infinity,"bytes_remaining":Infinity}',
    '{"rse":"NEAR","bytes":400,"files":2,"bytes_limit":1000,"bytes_remaining":600}',
  ]);
});

it('usage over an expression adds up what it names', async () => {
  const { body } = await api.root('GET', '/accounts/alice/usage/global/tier=1');
  expect(body).toEqual([
    { rse_expression: 'tier=1', bytes: 470, files: 4, bytes_limit: 5000, bytes_remaining: 4530 },
  ]);
});

it('every account at an RSE shows there, with its share', async () => {
  const { text } = await api.root('GET', '/rses/NEAR/accounts/usage');
  expect(lines(text)).toEqual([
    expect.stringMatching(/^\{"account":"alice",.*"bytes":400,.*"bytes_remaining":600\}$/),
  ]);
  const { body } = await api.root('GET', '/rses/NEAR/usage?per_account=True');
  expect(body).toMatchObject([
    { source: 'rucio', used: 0, account_usages: [{ account: 'alice', used: 400 }] },
  ]);
});

it.each([[-2], ['many'], [1e30], [null]])('a limit of %j bytes is refused', async (bytes) => {
  const answer = await api.root('POST', '/accounts/alice/limits/local/FAR', { bytes });
  expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'InvalidObject']);
});

it('a limit over what is no expression, or names nothing, is refused', async () => {
  for (const expression of ['tier=9', '%28tier=1', 'a=%22']) {
    const path = `/accounts/alice/limits/global/${expression}`;
    const answer = await api.root('POST', path, { bytes: 1 });
    expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'InvalidRSEExpression']);
  }
});
