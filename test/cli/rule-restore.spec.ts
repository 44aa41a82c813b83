import { describe, expect, it } from '@jest/globals';
import { runRuleRestore } from '../../src/cli/rule-restore.js';
import { Refusal, UsageError } from '../../src/cli/service.js';
import { commandLine } from '../support/command-line.js';

let id: string;
const cli = commandLine(async (api) => {
  await api.root('POST', '/accounts/root/scopes/lab');
  await api.root('POST', '/rses/A-DISK', {});
  const f1 = { scope: 'lab', name: 'f1', bytes: 10, adler32: '00000001' };
  await api.root('POST', '/dids/lab/run', { type: 'DATASET', dids: [f1], rse: 'A-DISK' });
  const rule = { dids: [{ scope: 'lab', name: 'run' }], copies: 1, rse_expression: 'A-DISK' };
  id = ((await api.root('POST', '/rules/', rule)).body as string[])[0] ?? '';
});
const service = () => cli.options();

describe('sluice rule restore', () => {
  it('says how the rule stands again', async () => {
    await cli.api.root('DELETE', `/rules/${id}`, {});
    await runRuleRestore(id, service());
    expect(cli.said()).toEqual([
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
