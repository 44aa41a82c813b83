import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setting } from '../../../src/settings/index.js';
import { startApi, type TestApi } from '../../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('options keep their text and are read back as what they look like', async () => {
  const given = { whole: 42, part: '2.5', yes: 'True', text: 'blue', big: '9223372036854775808' };
  await api.root('POST', '/config', { shore: given, other: { a: 1 } });
  const { text } = await api.root('GET', '/config');
  expect(text).toBe(
    '{"other":{"a":1},"shore":{"big":9223372036854775808,"part":2.5,"text":"blue","whole":42,"yes":true}}',
  );
  expect((await api.root('GET', '/config/shore/text')).text).toBe('"blue"');
  expect(await api.db.read((tx) => setting(tx, 'shore', 'yes'))).toBe('True');
});

it.each([
  [{ 'a b': { c: 1 } }],
  [{ a: { 'b/c': 1 } }],
  [{ a: 1 }],
  [{ a: { b: [] } }],
  [{ a: null }],
])('%j is refused, and nothing of it is written', async (body) => {
  const answer = await api.root('POST', '/config', { fine: { a: 1 }, ...body });
  expect([answer.status, answer.headers.exceptionclass]).toEqual([400, 'InvalidObject']);
  expect((await api.root('GET', '/config/fine')).status).toBe(404);
});
