import { presentExplanation } from '../../src/api/explain/explain.presenter.js';
import { toJson } from '../../src/api/wire/index.js';
import { type PlanAnswer } from '../../src/cli/plan-answer.js';
import { type ExplanationAnswer } from '../../src/cli/show-explanation.js';
import { Cause, wireId } from '../../src/vocabulary/index.js';
import { office } from '../explain/office.js';
import { type Call, type TestApi } from '../support/api.js';
import { type Court } from '../support/judge.js';

/** 187 of 200 files of a rule are stuck, because their source lies: how that is explained. */
export async function lyingSource(a: Court): Promise<{ id: string; answer: ExplanationAnswer }> {
  for (const rse of ['SHORE-DISK', 'EU-DISK', 'US-DISK', 'EU-TAPE']) await a.rse(rse);
  await a.dataset('run42');
  const names = Array.from({ length: 200 }, (_, n) => `run42.${String(n + 1).padStart(3, '0')}`);
  const wrong = names.slice(0, 187);
  await a.data('run42', names, 'SHORE-DISK', 'EU-DISK', 'US-DISK');
  const rule = await a.rule('run42', { rseExpression: 'EU-TAPE', lifetime: 30 * 86_400 });
  const at = office(a);
  await at.atWork();
  a.pass(600);
  await at.fail('EU-TAPE', wrong, {
    cause: Cause.SOURCE_CHECKSUM,
    source: 'SHORE-DISK',
    error: 'adler32 of what was read is 0a1b2c3d',
  });
  for (const name of wrong.slice(0, 50)) await a.declareBad('SHORE-DISK', name);
  a.pass(120);
  await at.atWork();
  const answer = JSON.parse(toJson(presentExplanation(await at.rule(rule)))) as ExplanationAnswer;
  return { id: wireId(rule.uid), answer };
}

/** The lake of the page on rules, as far as its plans go. */
export async function smallLake(api: TestApi): Promise<Call> {
  const { root } = api;
  await root('POST', '/accounts/alice', { type: 'USER', email: null });
  await root('POST', '/accounts/alice/identities', {
    ...{ identity: 'alice', authtype: 'USERPASS', email: null, password: 'correct horse' },
  });
  await root('POST', '/accounts/alice/scopes/km3net');
  for (const [rse, type, site] of [
    ['SHORE-DISK', 'DISK', 'shore'],
    ['EU-DISK', 'DISK', 'lyon'],
    ['US-DISK', 'DISK', 'fermi'],
    ['EU-TAPE', 'TAPE', 'lyon'],
  ] as const) {
    await root('POST', `/rses/${rse}`, type === 'TAPE' ? { rse_type: 'TAPE' } : {});
    await root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
    for (const [key, value] of Object.entries({ type, site })) {
      await root('POST', `/rses/${rse}/attr/${key}`, { value });
    }
  }
  const dids = ['a', 'b'].map((part) => ({
    ...{ scope: 'km3net', name: `run1.${part}`, bytes: 1000, adler32: '00000001' },
  }));
  await root('POST', '/dids/km3net/run1', { type: 'DATASET', dids, rse: 'SHORE-DISK' });
  return await api.as('alice');
}

/** What a rule on its first run would come to. */
export async function planned(alice: Call, rule: object): Promise<PlanAnswer> {
  const dids = [{ scope: 'km3net', name: 'run1' }];
  const { body } = await alice('POST', '/rules/plan', { dids, ...rule });
  return body as PlanAnswer;
}
