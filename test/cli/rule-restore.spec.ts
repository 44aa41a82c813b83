import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { runRuleRestore } from '../../src/cli/rule-restore.js';
import { Refusal, UsageError } from '../../src/cli/service.js';
import { ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
const passwordFile = join(directory, 'password');
writeFileSync(passwordFile, ROOT_PASSWORD);

let api: TestApi;
let id: string;
let said: string[];
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/accounts/root/scopes/lab');
  await api.root('POST', '/rses/A-DISK', {});
  const f1 = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
  await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids: [f1], rse: 'A-DISK' });
  const rule = { dids: [{ scope: 'lab', name: 'run' }], copies: 1, rse_expression: 'A-DISK' };
  id = ((await api.root('POST', '/rules/', rule)).body as string[])[0] ?? '';
});
afterAll(async () => {
  await api.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  said = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  jest.restoreAllMocks();
});

const service = () => ({ url: api.url, account: 'root', username: 'root', passwordFile });

describe('sluice rule restore', () => {
  it('says how the rule stands again', async () => {
    await api.root('DELETE', `/rules/${id}`, {});
    await runRuleRestore(id, service());
    expect(said).toEqual([
      `Rule ${id} on lab:run stands again at A-DISK: OK, 1 of its copies there.`,
    ]);
  });

  it('is refused where nothing was deleted', async () => {
    await expect(runRuleRestore(id, service())).rejects.toThrow(Refusal);
    await expect(runRuleRestore(id, { ...service(), lifetime: 'long' })).rejects.toThrow(
      UsageError,
    );
  });
});
