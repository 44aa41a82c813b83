import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { readFileSync } from 'node:fs';
import { startApi, type TestApi } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';

const page = readFileSync(new URL('../../../docs/subscriptions.md', import.meta.url), 'utf8');

/** A request of the page, and what the page says that it answers. */
interface Example {
  readonly method: Method;
  readonly path: string;
  readonly body: unknown;
  readonly answers: readonly unknown[];
}

const blocks = [...page.matchAll(/^```(http|json)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', text = '']) => ({ kind, text }),
);

/** JSON values that stand one behind the other; `…` stands for anything. */
function valuesOf(text: string): unknown[] {
  const values: unknown[] = [];
  for (const part of text.trim().split(/\n(?=\{)/)) {
    values.push(JSON.parse(part, (_, it: unknown) => (it === '…' ? expect.anything() : it)));
  }
  return values;
}

const examples = blocks.flatMap(({ kind, text }, at): Example[] => {
  if (kind !== 'http') return [];
  const [line = '', ...rest] = text.split('\n');
  const [method, path = ''] = line.split(' ');
  const body = rest.join('\n').trim();
  const next = blocks[at + 1];
  return [
    {
      method: method as Method,
      path,
      body: body === '' ? undefined : (JSON.parse(body) as unknown),
      answers: next?.kind === 'json' ? valuesOf(next.text) : [],
    },
  ];
});

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ roles: ['transmogrifier'] });
  await api.root('POST', '/accounts/alice', { type: 'USER', email: null });
  await api.root('POST', '/accounts/root/scopes/km3net');
  const rses = {
    'NAPLES-DISK': { type: 'DISK', site: 'NAPLES', share: 2, associated_sites: 'NAPLES-TAPE' },
    'LYON-DISK': { type: 'DISK', site: 'LYON', share: 1 },
    'NAPLES-TAPE': { type: 'TAPE', site: 'NAPLES' },
  };
  for (const [rse, attributes] of Object.entries(rses)) {
    await api.root('POST', `/rses/${rse}`, {});
    for (const [key, value] of Object.entries(attributes)) {
      await api.root('POST', `/rses/${rse}/attr/${key}`, { value });
    }
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: -1 });
  }
  for (const name of ['mc_1', 'mc_2', 'mc_3']) {
    const dids = [{ scope: 'km3net', name: `${name}.root`, bytes: 100, adler32: '00000001' }];
    const box = { type: 'DATASET', meta: { datatype: 'MC' }, dids, rse: 'LYON-DISK' };
    await api.root('POST', `/dids/km3net/${name}`, box);
  }
  await eventually('they are not new any more', async () => {
    const { body } = await api.root('GET', '/dids/km3net/mc_3/meta');
    return (body as { is_new: boolean }).is_new === false;
  });
});
afterAll(() => api.close());

const ask = async ({ method, path, body }: Example) => {
  const answer = await api.root(method, path, body);
  expect(`${method} ${path} ${answer.status} ${answer.text}`).toMatch(/^\w+ \S+ 20[01] /);
  return [answer.body].flat();
};

it('every example of the page does what the page says', async () => {
  expect(examples.length).toBeGreaterThan(30);
  for (const example of examples) {
    const { method, path, answers } = example;
    if (method !== 'GET') {
      const got = await ask(example);
      if (answers.length > 0) expect(got).toMatchObject(answers);
      continue;
    }
    // What daemons do comes within moments.
    const said = async () => {
      const { body } = await api.root('GET', path);
      return [body].flat().slice(0, answers.length);
    };
    await eventually(`GET ${path}`, async () => matches(await said(), answers)).catch(() => {});
    expect(await said()).toMatchObject(answers);
  }
});

function matches(got: unknown, wanted: readonly unknown[]): boolean {
  try {
    expect(got).toMatchObject(wanted);
    return true;
  } catch {
    return false;
  }
}

it('every key of a rule, of a filter and of an order has its example', () => {
  const given = blocks.filter(({ kind }) => kind === 'http').map(({ text }) => text);
  const keys = [...page.matchAll(/^\| ((?:`[\w.]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:\w+\.)?(\w+)`/g)].map(([, key = '']) => key),
  );
  expect(keys.length).toBeGreaterThan(30);
  const without = keys.filter((key) => !given.some((text) => text.includes(`"${key}"`)));
  expect(without).toEqual([]);
});
