import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { chaptersOf, type Exchange } from './examples.js';

// Every example of the page is sent, in the page's order, to the lake that the page tells of.

let api: TestApi;
let alice: Call;
const known = new Map<string, string>();

beforeAll(async () => {
  api = await startApi({ roles: ['judge-injector', 'foreman'] });
  const { root } = api;
  await root('POST', '/accounts/alice', { type: 'USER', email: null });
  await root('POST', '/accounts/alice/identities', {
    ...{ identity: 'alice', authtype: 'USERPASS', email: null, password: 'correct horse' },
  });
  await root('POST', '/accounts/alice/scopes/km3net');
  for (const rse of ['SHORE-DISK', 'EU-DISK', 'US-DISK']) {
    await root('POST', `/rses/${rse}`, {});
    await root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
  }
  for (const [at, bytes] of [
    [1, 1000],
    [2, 1000],
    [3, 2000],
    [10, 1000],
  ] as const) {
    const dids = ['a', 'b'].map((part) => ({
      ...{ scope: 'km3net', name: `run${at}.${part}`, bytes, adler32: '00000001' },
    }));
    const body = { type: 'DATASET', dids, rse: 'SHORE-DISK' };
    await root('POST', `/dids/km3net/run${at}`, body);
  }
  alice = await api.as('alice');
  await alice('POST', '/rules', {
    dids: [{ scope: 'km3net', name: 'run3' }],
    ...{ account: 'alice', copies: 1, rse_expression: 'SHORE-DISK|US-DISK' },
  });
  // What may leave EU-DISK and never arrives, as nobody moves bytes: the drain waits for it.
  const dids = [{ scope: 'km3net', name: 'kept.a', bytes: 1000, adler32: '00000001' }];
  await root('POST', '/dids/km3net/kept', { type: 'DATASET', dids, rse: 'EU-DISK' });
  await root('POST', '/rules', {
    dids: [{ scope: 'km3net', name: 'kept' }],
    ...{ account: 'root', copies: 1, rse_expression: 'EU-DISK|US-DISK' },
  });
  await root('PUT', '/rses/SHORE-DISK/limits', { name: 'MaxSpaceAvailable', value: 10_500 });
  await root('PUT', '/rses/US-DISK/limits', { name: 'MaxSpaceAvailable', value: 100_000 });
});
afterAll(() => api.close());

/** No job is at work but for what waits for copies to arrive. */
const rested = (states: readonly string[]) =>
  eventually('the jobs rest', async () => {
    const { body } = await api.root('GET', '/jobs');
    return (body as { state: string; step: string }[]).every(
      ({ state, step }) =>
        states.includes(state) || (states.length > 1 && state === 'RUNNING' && step === 'move'),
    );
  });

const MEANWHILE: Readonly<Record<string, () => Promise<unknown>>> = {
  'the jobs are done': () => rested(['DONE']),
  'the jobs are done or wait': () => rested(['DONE', 'WAITING_APPROVAL']),
};

const filled = (text: string): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => known.get(name) ?? `{${name}}`);

/** The answer as the page shows it: an id that is named here first is remembered. */
function promised(shown: unknown, given: unknown): unknown {
  if (shown === '…') return expect.anything();
  if (typeof shown === 'string') {
    const [, name] = /^\{(\w+)\}$/.exec(shown) ?? [];
    if (name === undefined) return shown;
    if (!known.has(name) && typeof given === 'string') known.set(name, given);
    return known.get(name);
  }
  if (Array.isArray(shown)) {
    return shown.map((item, at) => promised(item, (given as unknown[] | undefined)?.[at]));
  }
  if (typeof shown !== 'object' || shown === null) return shown;
  const object = given as Record<string, unknown> | undefined;
  return expect.objectContaining(
    Object.fromEntries(
      Object.entries(shown).map(([key, it]) => [key, promised(it, object?.[key])]),
    ),
  );
}

async function exchangeIs(exchange: Exchange): Promise<void> {
  const { method, path, body, status, outcome, answer, byAdmin } = exchange;
  const got = await (byAdmin ? api.root : alice)(method, filled(path), body);
  const error = got.headers['exceptionclass'];
  expect([got.status, error ?? got.text]).toEqual([
    status,
    status < 400 ? expect.any(String) : outcome,
  ]);
  if (answer !== undefined) expect(got.body).toEqual(promised(answer, got.body));
}

describe('the page on jobs', () => {
  const chapters = chaptersOf('docs/jobs.md');

  it.each(chapters.map((chapter) => [chapter.title, chapter] as const))(
    'is right about: %s',
    async (_, { steps }) => {
      for (const step of steps) {
        try {
          await (step.kind === 'meanwhile' ? MEANWHILE[step.what]?.() : exchangeIs(step.exchange));
        } catch (error) {
          throw new Error(`docs/jobs.md, line ${step.line}: ${String(error)}`, { cause: error });
        }
      }
    },
    60_000,
  );
});
