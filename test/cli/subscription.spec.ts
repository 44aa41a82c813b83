import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../src/cli/service.js';
import { runBackfill, runPlan, runShow, runTasks, steer } from '../../src/cli/subscription.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';

const cli = commandLine(
  async (api) => {
    await api.root('POST', '/accounts/root/scopes/data');
    await api.root('POST', '/rses/A-DISK', {});
    await api.root('POST', '/accounts/root/limits/local/A-DISK', { bytes: -1 });
    for (const name of ['run1', 'run2']) {
      const dids = [{ scope: 'data', name: `${name}.root`, bytes: 1000, adler32: '00000001' }];
      await api.root('POST', `/dids/data/${name}`, { type: 'DATASET', dids, rse: 'A-DISK' });
    }
    await eventually('they are not new any more', async () => {
      const { body } = await api.root('GET', '/dids/data/run2/meta');
      return (body as { is_new: boolean }).is_new === false;
    });
    const order = (rules: object[]) => ({
      options: { filter: { pattern: 'run' }, replication_rules: rules },
    });
    await api.root(
      'POST',
      '/subscriptions/root/raw',
      order([{ copies: 1, rse_expression: 'A-DISK' }]),
    );
    const notify = [{ sluice: { notify: { group_by: { files: 1 } } } }];
    await api.root('POST', '/subscriptions/root/reco', order(notify));
  },
  { roles: ['transmogrifier'] },
);
const options = () => cli.options();

describe('sluice subscription', () => {
  it('plan tells what a backfill would do', async () => {
    await runPlan('root/raw', options());
    expect(cli.said().join('\n')).toBe(
      [
        'root/raw matches 2 DIDs with 2 files, 2.00 kB',
        '                  would get it  have it  had it  fails  copies',
        '  1. 1 on A-DISK             2        0       0      0  2.00 kB',
        'A backfill would serve 2 DIDs in 1 min, at 600 a minute.',
      ].join('\n'),
    );
    await runPlan('root/raw', { ...options(), list: true });
    expect(cli.said().at(-1)).toMatch(/data:run1 +DATASET +1\.00 kB +1 on A-DISK/);
  });

  it('backfill begins it, show tells how far it is', async () => {
    await runBackfill('root/raw', { ...options(), perMinute: '6000' });
    const shown = await eventually('it is done', async () => {
      await runShow('root/raw', options());
      return cli.said().find((text) => text.includes('DONE'));
    });
    expect(shown).toBe(
      'root/raw: backfill DONE, 100 %, at 6,000 DIDs a minute\n  2 DIDs matched, 2 rules made',
    );
  });

  it('tasks lists them', async () => {
    await runBackfill('root/reco', options());
    await eventually('there are two', async () => {
      await runTasks('root/reco', { ...options(), state: 'NEW' });
      return /2 +NEW +1 DID +1\.00 kB/.test(cli.said().at(-1) ?? '');
    });
  });

  it('prints the answer as it came, and says what is wrong', async () => {
    await runShow('root/raw', { ...options(), json: true });
    expect(JSON.parse(cli.said().at(-1) ?? '')).toMatchObject({ state: 'DONE' });
    await expect(runShow('raw', options())).rejects.toThrow(UsageError);
    await expect(runBackfill('root/raw', { ...options(), perMinute: 'x' })).rejects.toThrow(
      UsageError,
    );
    await expect(steer('CANCELLED')('root/raw', options())).rejects.toThrow('is DONE');
  });
});
