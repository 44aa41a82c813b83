import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { judgeCleaner } from '../../src/daemons/judge/cleaner.js';
import { transmogrifier } from '../../src/daemons/transmogrifier.js';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { execute, lit, rows, sql, type Sql } from '../../src/db/index.js';
import { listRoutes, type Route } from '../../src/routes.js';
import { JobState } from '../../src/vocabulary/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../support/api.js';
import { shift } from '../support/shift.js';
import { BODIES, file, OPEN, order, rule } from './attempts.js';
import { READS, RIGHTS, type Sender, SENDERS } from './rights.js';

/*
 * Every route that needs a token, asked by each kind of account about things of somebody else's. What
 * nobody may ask without a token is in tokens.spec.ts.
 */
const PUBLIC = /^\/(\.well-known|auth|jwks|ping|redirect|traces|nongrid_traces)\b(?!\/validate)/;
const routes = (await listRoutes()).filter(({ path }) => !PUBLIC.test(path));
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

/** The route that the router takes for a path: of those that fit the one with the most words of its own. */
function routeOf(attempt: string): string | undefined {
  const [method, path = ''] = attempt.replace(/\?.*/, '').split(' ');
  const parts = path.split('/');
  const fitting = routes.filter((route) => {
    const own = route.path.split('/');
    const fits = own.every((part, i) => part === parts[i] || part.startsWith(':'));
    return route.method === method && own.length === parts.length && fits;
  });
  const words = ({ path: own }: Route) => own.split('/').filter((it) => !it.startsWith(':')).length;
  const best = fitting.toSorted((a, b) => words(b) - words(a))[0];
  return best && nameOf(best);
}

let api: TestApi;
const callers = {} as Record<Sender, Call>;
const values: Record<string, string> = {
  account: 'alice',
  identity: 'alice',
  type: 'userpass',
  scope: 'user.alice',
  name: 'ds',
  rse: 'DISK',
  source: 'DISK',
  destination: 'DISK2',
  expression: 'DISK',
  old: 'OLD',
};

async function ok(answering: Promise<Answer>): Promise<unknown> {
  const { status, text, body } = await answering;
  if (status >= 300) throw new Error(`${status} ${text}`);
  return body;
}

const idOf = async (of: Sql): Promise<string> => {
  const found = await api.db.read((tx) =>
    rows<{ id: string }>(tx, sql`SELECT replace(x.uid::text, '-', '') AS id FROM (${of}) x`),
  );
  return found[0]?.id ?? 'none';
};

async function logIns(): Promise<void> {
  callers.root = api.root;
  callers.stranger = await api.person('mallory');
  callers.owner = await api.person('alice');
  callers.admin = await api.person('adele');
  await ok(api.root('POST', '/accounts/adele/attr/admin', { value: 'true' }));
  await ok(api.root('POST', '/accounts/robot', { type: 'SERVICE', email: null }));
  const identity = { identity: 'robot', authtype: 'USERPASS', email: null, password: 'steel' };
  await ok(api.root('POST', '/accounts/robot/identities', identity));
  callers.service = await api.as('robot', 'steel');
}

/** One of everything, of alice's. */
async function furnish(): Promise<void> {
  const { root } = api;
  const alice = callers.owner;
  await ok(root('POST', '/accounts/alice/scopes/user.alice'));
  for (const rse of ['DISK', 'DISK2', 'OLD']) {
    await ok(root('POST', `/rses/${rse}`, {}));
    await ok(root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: -1 }));
  }
  await ok(root('DELETE', '/rses/OLD'));
  const protocol = { impl: 'x', hostname: 'a.example', port: 1, prefix: '/' };
  await ok(root('POST', '/rses/DISK/protocols/davs', protocol));
  const told = { sluice: { notify: { group_by: { files: 100 } } } };
  const filter = { did_type: ['DATASET'], scope: ['user.alice'] };
  await ok(alice('POST', '/dids/user.alice/ds', { type: 'DATASET', dids: [file], rse: 'DISK' }));
  await ok(alice('POST', '/subscriptions/alice/order', order));
  const notifying = { options: { filter, replication_rules: [told] } };
  await ok(alice('POST', '/subscriptions/alice/told', notifying));
  await ok(alice('POST', '/subscriptions/alice/told/backfill', {}));
  const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });
  await shift(api.db, transmogrifier(config));
  const made = async (wish: object) =>
    ((await ok(alice('POST', '/rules', { ...rule, ...wish }))) as string[])[0] ?? '';
  values['rule'] = await made({ rse_expression: 'DISK2' });
  values['gone'] = await made({ copies: 1, rse_expression: 'DISK|DISK' });
  await ok(alice('DELETE', `/rules/${values['gone']}`));
  await shift(api.db, judgeCleaner(config));
  values['deleted'] = await made({ rse_expression: 'DISK|DISK2' });
  await ok(alice('DELETE', `/rules/${values['deleted']}`));
  const replicate = { kind: 'replicate', dids: rule.dids, to: 'DISK' };
  await ok(alice('POST', '/jobs', replicate));
  await ok(
    alice('POST', '/jobs/schedules', {
      cron: '0 3 * * 1',
      job: { kind: 'change', rules: { scope: 'user.alice' }, change: { priority: 5 } },
    }),
  );
  // A plan that waits for somebody's word.
  await api.db.tx((tx) =>
    execute(tx, sql`UPDATE jobs SET state = ${lit(JobState.WAITING_APPROVAL)}`),
  );
  values['job'] = await idOf(sql`SELECT uid FROM jobs`);
  values['schedule'] = await idOf(sql`SELECT uid FROM job_schedules`);
  values['request'] = await idOf(sql`SELECT uid FROM requests`);
  values['subscription'] = await idOf(sql`SELECT uid FROM subscriptions`);
}

beforeAll(async () => {
  api = await startApi();
  await logIns();
  await furnish();
});
afterAll(() => api.close());

const filled = (path: string): string =>
  path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? 'x');

/** What each sender was told last. */
let told: string[] = [];

/** The status of each sender's answer: none is a fault of ours, and none of the login's. */
async function answersOf(attempt: string, body: unknown): Promise<Record<Sender, number>> {
  const [method = '', path = ''] = attempt.split(' ');
  const answers = {} as Record<Sender, number>;
  told = [];
  for (const sender of SENDERS) {
    const { status, headers, text } = await callers[sender](method as Method, filled(path), body);
    if (status === 403) expect(headers['exceptionclass']).toBe('AccessDenied');
    expect([attempt, sender, status < 500 && status !== 401, status < 500 ? '' : text]).toEqual([
      attempt,
      sender,
      true,
      '',
    ]);
    answers[sender] = status;
    told.push(`${sender} ${status} ${text.slice(0, 200)}`);
  }
  return answers;
}

const allowed = (answers: Record<Sender, number>): Sender[] =>
  SENDERS.filter((sender) => answers[sender] !== 403);

describe('the tables of who may ask', () => {
  const listed = [
    ...Object.keys(READS).map((path) => `GET ${path}`),
    ...RIGHTS.map(({ route }) => route),
    ...Object.keys(BODIES),
    ...OPEN,
  ].filter((attempt) => !PUBLIC.test(attempt.split(' ')[1] ?? ''));

  it('name every route that there is', () => {
    const covered = new Set(listed.map(routeOf));
    expect(routes.map(nameOf).filter((name) => !covered.has(name))).toEqual([]);
  });

  it('name no route that there is not', () => {
    expect(listed.filter((attempt) => routeOf(attempt) === undefined)).toEqual([]);
  });
});

describe('who may read', () => {
  it.each(Object.entries(READS))('%s', async (path, may) => {
    expect(allowed(await answersOf(`GET ${path}`, undefined))).toEqual(may);
  });
});

describe('who may', () => {
  it.each(RIGHTS)('$route $body', async ({ route, may, body, refused = 299 }) => {
    const answers = await answersOf(route, body);
    expect(allowed(answers)).toEqual(may);
    // The request is right: what was forbidden was not forbidden for another reason.
    const [first] = may;
    expect([route, first && answers[first] <= refused, told]).toEqual([route, true, told]);
  });
});
