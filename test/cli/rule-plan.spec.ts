import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
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
import { runRulePlan } from '../../src/cli/rule-plan.js';
import { UsageError } from '../../src/cli/service.js';
import { ROOT_PASSWORD, startApi, type TestApi } from '../support/api.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
const passwordFile = join(directory, 'password');
writeFileSync(passwordFile, ROOT_PASSWORD);

let api: TestApi;
let said: string[];
beforeAll(async () => {
  api = await startApi();
  await api.root('POST', '/accounts/root/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK']) await api.root('POST', `/rses/${rse}`, {});
  const f1 = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
  await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids: [f1], rse: 'A-DISK' });
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
  process.exitCode = undefined;
});

const service = () => ({ url: api.url, account: 'root', username: 'root', passwordFile });

describe('sluice rule plan', () => {
  it('prints what a rule would come to', async () => {
    await runRulePlan(['lab:run'], { ...service(), copies: '2', rseExpression: 'A-DISK|B-DISK' });
    expect(said.join('\n').split('\n')).toEqual([
      'lab:run: 2 copies on A-DISK|B-DISK for root',
      '1 file, 10 B a copy, 1 unit kept together',
      '',
      '     goes to  there  to move  files  because',
      '  +  A-DISK    10 B      0 B      0  10 B of 10 B are there already',
      '  +  B-DISK     0 B     10 B      1  no other is left',
      '',
      '  from    to        files  bytes     time',
      '  A-DISK  → B-DISK      1   10 B  unknown',
      '',
      '! of 1 file (10 B) there is one good copy only until the new ones are there',
      '',
      'It can be done: 1 file, 10 B to move; nobody can say how long: nothing was moved there in the last day.',
    ]);
    expect(process.exitCode).toBeUndefined();
  });

  it('prints the answer as it came, and ends with 1 where it cannot be done', async () => {
    await runRulePlan(['lab:run'], { ...service(), json: true, copies: '3', rseExpression: '*' });
    expect(JSON.parse(said[0] ?? '')).toMatchObject({ feasible: false });
    expect(process.exitCode).toBe(1);
  });

  it('takes an RSE that leaves instead', async () => {
    await runRulePlan([], { ...service(), rseLeaves: 'A-DISK' });
    expect(said[0]).toMatch(/^If A-DISK leaves: 0 rules/);
  });

  it.each([
    [[], { rseExpression: '*' }],
    [['lab:run'], {}],
    [['run'], { rseExpression: '*' }],
    [['lab:run'], { rseExpression: '*', copies: 'two' }],
    [['lab:run'], { rseLeaves: 'A-DISK' }],
  ])('asks for what it needs: %j %j', async (dids, options) => {
    await expect(runRulePlan(dids, { ...service(), ...options })).rejects.toThrow(UsageError);
  });

  it('ends with 2 where the command is not understood, and with 1 where nobody answers', () => {
    const run = (...args: string[]) =>
      spawnSync(
        process.execPath,
        ['--import', './test/support/register-typescript.mjs', 'src/cli/main.ts', ...args],
        { env: { PATH: process.env['PATH'], SLUICE_STATE: directory }, encoding: 'utf8' },
      );
    const unknown = run('rule', 'plan', '--nonsense');
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('--nonsense')]);
    const alone = run(
      'rule',
      'plan',
      'lab:run',
      '--rse-expression',
      '*',
      '--url',
      'http://127.0.0.1:1',
      '--username',
      'root',
      '--password-file',
      passwordFile,
    );
    expect([alone.status, alone.stderr]).toEqual([
      1,
      expect.stringMatching(/^Nobody answers at http:\/\/127\.0\.0\.1:1 .*\n$/),
    ]);
  }, 60_000);
});
