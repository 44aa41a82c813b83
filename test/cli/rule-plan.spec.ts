import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { runRulePlan } from '../../src/cli/rule-plan.js';
import { UsageError } from '../../src/cli/service.js';
import { commandLine } from '../support/command-line.js';

const cli = commandLine(async (api) => {
  await api.root('POST', '/accounts/root/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK']) await api.root('POST', `/rses/${rse}`, {});
  const f1 = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
  await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids: [f1], rse: 'A-DISK' });
});
const service = () => cli.options();

describe('sluice rule plan', () => {
  it('prints each phase with its dates', async () => {
    const phases = JSON.stringify([
      { for: '30d', rse_expression: 'A-DISK' },
      { until_idle: '1w', rse_expression: 'B-DISK' },
      { rse_expression: 'A-DISK' },
    ]);
    await runRulePlan(['lab:run'], { ...service(), phases });
    const told = cli
      .said()
      .join('\n')
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'THEN');
    const lines = told.split('\n').filter((line) => /^(phase|from)/.test(line));
    expect(lines).toEqual([
      'phase 1 of lab:run: 1 copy on A-DISK for root',
      'from now until THEN',
      'phase 2 of lab:run: 1 copy on B-DISK for root',
      'from THEN until nobody has read it for 7d, not before THEN',
      'phase 3 of lab:run: 1 copy on A-DISK for root',
      'from THEN for ever',
    ]);
    expect(told.split('\n').at(-1)).toContain('It can be done: 1 file, 10 B to move');
    await expect(runRulePlan(['lab:run'], { ...service(), phases: '[' })).rejects.toThrow(
      UsageError,
    );
  });

  it('prints what a rule would come to', async () => {
    await runRulePlan(['lab:run'], { ...service(), copies: '2', rseExpression: 'A-DISK|B-DISK' });
    expect(cli.said().join('\n').split('\n')).toEqual([
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
    expect(JSON.parse(cli.said()[0] ?? '')).toMatchObject({ feasible: false });
    expect(process.exitCode).toBe(1);
  });

  it('takes an RSE that leaves instead', async () => {
    await runRulePlan([], { ...service(), rseLeaves: 'A-DISK' });
    expect(cli.said()[0]).toMatch(/^If A-DISK leaves: 0 rules/);
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
        { env: { PATH: process.env['PATH'], SLUICE_STATE: cli.directory }, encoding: 'utf8' },
      );
    const unknown = run('rule', 'plan', '--nonsense');
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining('--nonsense')]);
    const alone = run(
      'rule',
      'plan',
      'lab:run',
      '--rses',
      '*',
      '--url',
      'http://127.0.0.1:1',
      '--username',
      'root',
      '--password-file',
      cli.passwordFile,
    );
    expect([alone.status, alone.stderr]).toEqual([
      1,
      expect.stringMatching(/^Nobody answers at http:\/\/127\.0\.0\.1:1 .*\n$/),
    ]);
  }, 60_000);
});
