import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobBody } from '../../src/cli/job-body.js';
import { runAdd, runList, runResult, runShow, runUnschedule, steer } from '../../src/cli/job.js';
import { Refusal, UsageError } from '../../src/cli/service.js';
import { showJob } from '../../src/cli/show-job.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';

const cli = commandLine(
  async (api) => {
    await api.root('POST', '/accounts/root/scopes/lab');
    for (const rse of ['A-DISK', 'B-DISK']) await api.root('POST', `/rses/${rse}`, {});
    const f1 = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
    const dids = [f1, { ...f1, name: 'f2' }];
    await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids, rse: 'A-DISK' });
  },
  { roles: ['foreman'] },
);
const service = () => cli.options();
const listFile = join(cli.directory, 'list');
writeFileSync(listFile, 'lab:f1\n\nlab:f2\n');

describe('sluice job', () => {
  it('orders a job, shows how far it is, and what became of each file', async () => {
    await runAdd('replicate', { ...service(), list: listFile, to: 'B-DISK', comment: 'spare' });
    const [id = ''] = cli.said();
    const shown = await eventually('it is done', async () => {
      await runShow(id, service());
      return cli.said().find((text) => text.includes('DONE'));
    });
    expect(shown.split('\n').slice(0, 2)).toEqual([
      `replicate ${id} of root: DONE (spare)`,
      '  2 of 2 items done, 0 failed; 20 B of 20 B (100 %)',
    ]);
    await runResult(id, service());
    expect(cli.said()[0]).toMatch(
      /^scope,name,.*\r\nlab,f1,FILE,,,[0-9a-f]{32},10,DONE,\r\nlab,f2/,
    );
    await runList({ ...service(), kind: 'replicate', state: 'DONE' });
    expect(cli.said()[0]?.split('\n')[1]).toMatch(
      new RegExp(`^${id} +replicate +root +DONE +2 +0 +2 `),
    );
    await expect(steer('cancel')(id, service())).rejects.toThrow(Refusal);
  });

  it('orders it by the calendar, and takes it out again', async () => {
    const options = { ...service(), rse: 'A-DISK', cron: '0 3 * * 1', timeZone: 'Europe/Paris' };
    await runAdd('drain', options);
    const [id = ''] = cli.said();
    await runList({ ...service(), schedules: true });
    expect(cli.said()[0]).toMatch(new RegExp(`${id} +drain +root +0 3 \\* \\* 1 +Europe/Paris`));
    await runUnschedule(id, service());
    cli.said();
    await runList({ ...service(), schedules: true });
    expect(cli.said()[0]).not.toContain(id);
  });

  it.each([
    [
      'replicate',
      { scope: 'lab', filter: ['run_number.gte=7', 'datatype=RAW'], to: 'B' },
      {
        kind: 'replicate',
        query: { scope: 'lab', filters: { 'run_number.gte': 7, datatype: 'RAW' } },
        to: 'B',
      },
    ],
    [
      'delete_replicas',
      { content: 'lab:run', removeRules: true },
      {
        kind: 'delete_replicas',
        content: { scope: 'lab', name: 'run' },
        remove_rules: true,
      },
    ],
    [
      'change',
      { rules: ['scope=lab'], set: ['priority=5', 'lifetime=null'] },
      {
        kind: 'change',
        rules: { scope: 'lab' },
        change: { priority: 5, lifetime: null },
      },
    ],
    [
      'change',
      { rules: ['name=2026', 'ids=ab,cd'], set: ['comment=7', 'purge_replicas=true'] },
      {
        kind: 'change',
        rules: { name: '2026', ids: ['ab', 'cd'] },
        change: { comment: '7', purge_replicas: true },
      },
    ],
    [
      'rebalance',
      { threshold: '90', target: '70.5', bytesMax: '1000000000000' },
      {
        kind: 'rebalance',
        threshold: 90,
        target: 70.5,
        bytes_max: 1_000_000_000_000,
      },
    ],
  ])('reads %s %j', (kind, options, body) => {
    expect(jobBody(kind, options)).toEqual(body);
  });

  it.each([
    [{ filter: ['a=b'] }, /In which scope/],
    [{ scope: 'lab', filter: ['raw'] }, /KEY=VALUE/],
    [{ content: 'run' }, /is no DID/],
    [{ copies: 'two' }, /--copies takes a number/],
  ])('refuses %j', (options, problem) => {
    expect(() => jobBody('replicate', options)).toThrow(UsageError);
    expect(() => jobBody('replicate', options)).toThrow(problem);
  });

  it('says what to do with a plan, and with what failed', () => {
    const lines = showJob({
      ...{ id: 'abc', kind: 'rebalance', account: 'root', state: 'WAITING_APPROVAL', step: 'move' },
      ...{ comment: null, error: null, created_at: '' },
      items: { total: 4, done: 1, failed: 1 },
      bytes: { total: 4000, done: 1000, failed: 1000 },
      rate: { items_per_second: 2, bytes_per_second: 10 },
      seconds_left: 90,
    });
    expect(lines).toEqual([
      'rebalance abc of root: WAITING_APPROVAL',
      '  1 of 4 items done, 1 failed; 1.00 kB of 4.00 kB (50 %)',
      '  2 items a second, 1 min 30 s left at this rate',
      '  sluice job plan abc shows what it would move; sluice job approve lets it',
      '  sluice job result abc --state FAILED says why each failed',
    ]);
  });
});
