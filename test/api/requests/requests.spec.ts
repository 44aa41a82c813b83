import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryStorage } from '../../../src/protocols/index.js';
import { normalisePath, pathOf } from '../../../src/rses/index.js';
import { execute, rows, sql } from '../../../src/db/index.js';
import { startApi, type TestApi } from '../../support/api.js';

const NAME = '/km3/run_1';
const HOSTS = { A: 'api-requests-a', B: 'api-requests-b' };
let api: TestApi;

/** An API with a conveyor, and one file at A-DISK that is not what the catalogue says. */
beforeAll(async () => {
  api = await startApi({ roles: ['conveyor', 'rescuer'] });
  await api.root('POST', '/accounts/root/scopes/lab');
  for (const [letter, hostname] of Object.entries(HOSTS)) {
    const rse = `${letter}-DISK`;
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/rses/${rse}/attr/site`, { value: `SITE-${letter}` });
    await api.root('POST', `/rses/${rse}/protocols/memory`, {
      hostname,
      port: 0,
      prefix: '/data/',
      impl: 'memory',
      domains: { wan: { read: 1, write: 1, delete: 1 } },
    });
    await api.root('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
  memoryStorage(HOSTS.A).put(normalisePath(`/data/${pathOf('hash', 'lab', NAME)}`), 'eventz');
  await api.root('POST', '/replicas', {
    rse: 'A-DISK',
    files: [{ scope: 'lab', name: NAME, bytes: 6, adler32: '08f5027a' }],
  });
  await api.root('POST', '/rules', {
    dids: [{ scope: 'lab', name: NAME }],
    copies: 1,
    rse_expression: 'B-DISK',
    account: 'root',
    grouping: 'DATASET',
  });
  for (let over = 0; over < 2;) {
    const done = await api.db.read((tx) => rows(tx, sql`SELECT 1 FROM requests_history`));
    over = done.length;
  }
});
afterAll(() => api.close());

const between = (more: string) => `src_rse=A-DISK&dst_rse=B-DISK&request_states=${more}`;

describe('GET requests/history/list', () => {
  it('tells of a refused attempt: from where, why, what was expected and found', async () => {
    const answer = await api.root('GET', `/requests/history/list?${between('F')}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-json-stream');
    const [attempt] = answer.body as Record<string, unknown>[];
    expect(answer.body).toHaveLength(1);
    expect(attempt).toMatchObject({
      scope: 'lab',
      name: NAME,
      did_type: 'FILE',
      request_type: 'TRANSFER',
      state: 'FAILED',
      source_rse: 'A-DISK',
      dest_rse: 'B-DISK',
      account: 'root',
      activity: 'User Subscriptions',
      bytes: 6,
      retry_count: 0,
      transfertool: 'stream',
    });
    expect(attempt?.['id']).toMatch(/^[0-9a-f]{32}$/);
    expect(attempt?.['rule_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(attempt?.['created_at']).toMatch(/UTC$/);
    expect(attempt?.['err_msg']).toMatch(
      /^SOURCE_CHECKSUM: .*expected adler32:08f5027a, found adler32:[0-9a-f]{8}/,
    );
  });

  it('pages by offset and limit', async () => {
    const page = (more: string) =>
      api.root('GET', `/requests/history/list?${between('F')}&${more}`);
    expect((await page('limit=0')).text).toBe('');
    expect((await page('offset=1')).text).toBe('');
    expect((await page('offset=0&limit=1')).body).toHaveLength(1);
    expect((await page('limit=-1')).status).toBe(400);
  });

  it('takes sites for both ends, and names for letters', async () => {
    const answer = await api.root(
      'GET',
      '/requests/history/list?src_site=SITE-A&dst_site=SITE-B&request_states=D,failed',
    );
    expect(answer.body).toHaveLength(1);
  });

  it.each([
    ['', 'ValueError', 400],
    ['src_rse=A-DISK&dst_rse=B-DISK', 'ValueError', 400],
    ['src_rse=A-DISK&request_states=F', 'ValueError', 400],
    ['dst_rse=A-DISK&request_states=F', 'ValueError', 400],
    ['src_rse=A-DISK&dst_rse=B-DISK&request_states=', 'ValueError', 400],
    ['src_rse=A-DISK&dst_rse=B-DISK&request_states=X', 'ValueError', 400],
    ['src_rse=A-DISK&dst_rse=NO-DISK&request_states=F', 'RSENotFound', 404],
    ['src_site=NOWHERE&dst_site=SITE-B&request_states=F', 'RSENotFound', 404],
  ])('refuses "%s" as %s', async (query, fact, status) => {
    const answer = await api.root('GET', `/requests/history/list?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers['exceptionclass']).toBe(fact);
  });
});

describe('a request by its DID', () => {
  const encoded = encodeURIComponent(NAME);

  it('is found in the history: the latest attempt', async () => {
    const answer = await api.root('GET', `/requests/history/lab/${encoded}/B-DISK`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: NAME, state: 'NO_SOURCES', retry_count: 1 });
  });

  it('is not found when it is over', async () => {
    const answer = await api.root('GET', `/requests/lab/${encoded}/B-DISK`);
    expect(answer.status).toBe(404);
    expect(answer.headers['exceptionclass']).toBe('RequestNotFound');
    const never = await api.root('GET', `/requests/history/lab/${encoded}/A-DISK`);
    expect(never.headers['exceptionclass']).toBe('RequestNotFound');
  });

  it('names what does not exist', async () => {
    const rse = await api.root('GET', `/requests/lab/${encoded}/NO-DISK`);
    expect(rse.headers['exceptionclass']).toBe('RSENotFound');
    const did = await api.root('GET', '/requests/lab/nothing/B-DISK');
    expect(did.headers['exceptionclass']).toBe('DataIdentifierNotFound');
  });
});

describe('GET requests/list', () => {
  it('shows requests that are not over, page after page', async () => {
    await api.db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO requests (did_id, rse_id, source_rse_id, bytes, account_id, state, claimed_by, claimed_until)
            SELECT n, (SELECT id FROM rses WHERE name = 'B-DISK'), (SELECT id FROM rses WHERE name = 'A-DISK'),
                   1, (SELECT id FROM accounts WHERE name = 'root'), 'S', 'other', now() + interval '1 day'
              FROM generate_series(1000001, 1002500) n`,
      ),
    );
    const answer = await api.root('GET', `/requests/list?${between('Q,S')}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(2500);
    expect((answer.body as object[])[0]).toMatchObject({ state: 'SUBMITTED', err_msg: null });
    expect((await api.root('GET', `/requests/list?${between('Q')}`)).text).toBe('');
  });
});
