import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Method } from 'axios';
import { execute, rows, sql } from '../../../src/db/index.js';
import { failCopies } from '../../../src/replicas/index.js';
import { stickCopies } from '../../../src/rules/index.js';
import { Cause, type CopyKey } from '../../../src/vocabulary/index.js';
import { type Answer, type Call, startApi, type TestApi } from '../../support/api.js';

interface Remedy {
  what: string;
  who: string;
  method: Method;
  path: string;
  body: object | null;
}
interface Explained {
  kind: string;
  subject: string;
  state: string;
  summary: string;
  lines: string[];
  groups: {
    sentence: string;
    examples: string[];
    remedies: Remedy[];
    next: string;
    can: string | null;
  }[];
  next: string[];
  remedies: Remedy[];
  facts: Record<string, unknown>;
}

let api: TestApi;
let alice: Call;

const done = async (answer: Promise<Answer>): Promise<Answer> => {
  const { status, text, ...rest } = await answer;
  expect({ status: status < 300, text }).toEqual({ status: true, text });
  return { status, text, ...rest };
};

beforeAll(async () => {
  api = await startApi();
  alice = await api.person('alice');
  await api.person('bob');
  await api.root('POST', '/accounts/alice/scopes/lab');
  for (const rse of ['A-DISK', 'B-DISK', 'C-DISK']) {
    await api.root('POST', `/rses/${rse}`, {});
    await api.root('POST', `/accounts/alice/limits/local/${rse}`, { bytes: 100_000 });
  }
  await api.root('POST', '/dids/lab/run', {
    type: 'DATASET',
    dids: ['f1', 'f2', 'sub/f3'].map((name) => ({
      scope: 'lab',
      name,
      bytes: 10,
      adler32: '00000001',
    })),
    rse: 'A-DISK',
  });
});
afterAll(() => api.close());

const explain = async (path: string, call = alice): Promise<Explained> => {
  const answer = await call('GET', path);
  expect(answer.status).toBe(200);
  return answer.body as Explained;
};
const refusal = ({ status, headers }: Answer) => `${status} ${headers['exceptionclass']}`;
const add = async (expression: string, more: object = {}): Promise<string> => {
  const wish = {
    dids: [{ scope: 'lab', name: 'run' }],
    copies: 1,
    rse_expression: expression,
    account: 'alice',
    ...more,
  };
  return ((await done(alice('POST', '/rules/', wish))).body as string[])[0] ?? '';
};
/** The transfers of a rule fail for good. */
const fail = (rse: string, cause: Cause) =>
  api.db.tx(async (tx) => {
    const copies = await rows<CopyKey>(
      tx,
      sql`DELETE FROM requests WHERE rse_id = (SELECT id FROM rses WHERE name = ${rse})
          RETURNING did_id AS "didId", rse_id AS "rseId"`,
    );
    const [source] = await rows<{ id: number }>(tx, sql`SELECT id FROM rses WHERE name = 'A-DISK'`);
    const pairs = sql`SELECT * FROM unnest(${copies.map(({ didId }) => didId)}::bigint[],
      ${copies.map(({ rseId }) => rseId)}::int[]) AS f(did_id, rse_id)`;
    await execute(tx, failCopies(pairs));
    const failures = copies.map((copy) => ({ ...copy, cause, sourceRseId: source?.id ?? null }));
    await stickCopies(tx, failures, {
      now: new Date(),
      lockRetrySeconds: 7200,
      lockRetrySecondsMax: 28_800,
      expressRetrySeconds: 7200,
    });
  });
/** Every remedy is accepted, as it stands, from whoever may do it. */
const tryAll = async ({ remedies, groups }: Explained): Promise<string[]> => {
  const all = [...groups.flatMap((group) => group.remedies), ...remedies];
  for (const { who, method, path, body } of all) {
    await done((who === 'admin' ? api.root : alice)(method, path, body ?? undefined));
  }
  return all.map(({ what }) => what);
};

describe('a rule', () => {
  it('that is stuck is explained in groups, and every remedy is a request that is accepted', async () => {
    const id = await add('B-DISK|C-DISK', { copies: 1 });
    const [lock] = (await alice('GET', `/rules/${id}/locks`)).body as { rse: string }[];
    await fail(lock?.rse ?? '', Cause.DEST_FULL);
    const explained = await explain(`/rules/${id}/explain`);
    expect(explained).toMatchObject({
      kind: 'rule',
      state: 'STUCK',
      subject: `rule ${id} of alice on lab:run`,
      groups: [
        {
          sentence: expect.stringMatching(/^3 files: no space left at .-DISK; 1 source; retry at/),
          standing: 'stuck',
          cause: 'DEST_FULL',
          files: 3,
          bytes: 30,
          examples: ['lab:f1', 'lab:f2', 'lab:sub/f3'],
          can: 'make room at the storage',
        },
      ],
    });
    const retry = explained.groups[0]?.remedies.slice(0, 1) ?? [];
    expect(await tryAll({ ...explained, groups: [], remedies: retry })).toEqual([
      'try the stuck files again now',
    ]);
    const rest = explained.groups[0]?.remedies.slice(1) ?? [];
    expect(await tryAll({ ...explained, groups: [], remedies: rest })).toEqual([
      `move the rule away from ${lock?.rse}`,
    ]);
    expect(explained.remedies.map(({ what }) => what)).toEqual(['give the rule up']);
  });

  it('with a bad source names copies to declare bad, which is accepted', async () => {
    const id = await add('C-DISK', { lifetime: 3600 });
    await fail('C-DISK', Cause.SOURCE_SIZE);
    const explained = await explain(`/rules/${id}/explain`);
    expect(explained.groups[0]?.sentence).toMatch(
      /^3 files: wrong size at A-DISK; no other source/,
    );
    expect(await tryAll(explained)).toEqual([
      expect.stringMatching(/^declare these copies bad/),
      'try the stuck files again now',
      'take the end back: the rule has none any more',
      'give the rule up',
    ]);
    await api.root('PUT', '/replicas', {
      rse: 'A-DISK',
      files: ['f1', 'f2', 'sub/f3'].map((name) => ({ scope: 'lab', name, state: 'A' })),
    });
  });

  it.each([
    [
      'suspended',
      {},
      { state: 'SUSPENDED' },
      'resume the rule: the judge repairs it from where it is',
    ],
    ['asked for approval', { ask_approval: true }, undefined, 'approve the rule'],
  ])('%s is explained, with what ends that', async (how, wish, options, what) => {
    const run = `rests-${how.replaceAll(' ', '-')}`;
    await api.root('POST', `/dids/lab/${run}`, { type: 'DATASET' });
    const rule = await add('C-DISK', { ...wish, dids: [{ scope: 'lab', name: run }] });
    if (options) await done(alice('PUT', `/rules/${rule}`, { options }));
    const { remedies } = await explain(`/rules/${rule}/explain`);
    expect(remedies[0]?.what).toBe(what);
    const [first] = remedies;
    if (first) await done(api.root(first.method, first.path, first.body ?? undefined));
  });

  it('that does not exist is not found', async () => {
    expect(refusal(await alice('GET', `/rules/${'0'.repeat(32)}/explain`))).toBe(
      '404 RuleNotFound',
    );
    expect(refusal(await alice('GET', '/rules/nonsense/explain'))).toBe('404 RuleNotFound');
  });
});

describe('a DID', () => {
  it('tells its rules and its copies', async () => {
    const { kind, summary, lines, facts } = await explain('/dids/lab/run/explain');
    expect(kind).toBe('did');
    expect(summary).toMatch(/^Dataset held by \d+ rules?; good copies at A-DISK \(3 files, 30 B\)/);
    expect(
      lines.some((line) => /^Rule [0-9a-f]{32} of alice on lab:run: 1 copy on/.test(line)),
    ).toBe(true);
    expect(facts['copies']).toContainEqual(expect.objectContaining({ rse: 'A-DISK', files: 3 }));
  });

  it('whose name has a slash is found in either spelling', async () => {
    for (const name of ['sub%2Ff3', 'sub/f3']) {
      const { summary } = await explain(`/dids/lab/${name}/explain`);
      expect(summary).toMatch(/^File .* good copy at A-DISK$/);
    }
  });

  it('that no rule holds says so, and how to protect it', async () => {
    await api.root('POST', '/replicas', {
      rse: 'B-DISK',
      files: [{ scope: 'lab', name: 'loose', bytes: 1, adler32: '00000001' }],
    });
    const explained = await explain('/dids/lab/loose/explain');
    expect(explained.summary).toBe('File that no rule holds; 1 good copy at B-DISK');
    expect(explained.lines).toContain('No rule holds the copy at B-DISK');
    expect(await tryAll(explained)).toEqual(['protect one copy of it by a rule']);
  });

  it('that expires says when, and how to take that back', async () => {
    await api.root('POST', '/dids/lab/short', { type: 'DATASET', lifetime: 3600 });
    const explained = await explain('/dids/lab/short/explain');
    expect(explained.lines[0]).toMatch(/^It expires at .*, and its rules with it$/);
    expect(await tryAll({ ...explained, remedies: explained.remedies.slice(0, 1) })).toEqual([
      'take its end back',
    ]);
    expect((await explain('/dids/lab/short/explain')).lines.join()).not.toMatch(/expires/);
  });

  it('that does not exist is not found', async () => {
    expect(refusal(await alice('GET', '/dids/lab/none/explain'))).toBe(
      '404 DataIdentifierNotFound',
    );
  });
});

describe('a copy', () => {
  it('that rules hold tells which', async () => {
    await done(
      alice('POST', '/rules/', {
        dids: [{ scope: 'lab', name: 'f1' }],
        copies: 1,
        rse_expression: 'A-DISK',
        account: 'alice',
      }),
    );
    const { subject, summary, lines, next } = await explain('/replicas/lab/f1/A-DISK/explain');
    expect(subject).toBe('lab:f1@A-DISK');
    expect(summary).toMatch(/^AVAILABLE, as a client says: not verified yet; held by \d+ locks?$/);
    expect(lines.some((line) => line.endsWith('its lock here is OK'))).toBe(true);
    expect(next).toEqual(['It stays as long as a rule without an end holds it']);
  });

  it('that nothing holds says why it is not deleted, and what would', async () => {
    await api.root('POST', '/replicas', {
      rse: 'C-DISK',
      files: [{ scope: 'lab', name: 'cached', bytes: 1, adler32: '00000001' }],
    });
    const first = await explain('/replicas/lab/cached/C-DISK/explain');
    expect(first.summary).toMatch(/no rule holds it, and nothing asks for its deletion$/);
    const letGo = first.remedies.filter(({ path }) => path === '/replicas/tombstone');
    expect(await tryAll({ ...first, remedies: letGo })).toEqual(['let the copy be deleted now']);
    await api.root('PUT', '/rses/C-DISK', { availability_delete: false });
    const closed = await explain('/replicas/lab/cached/C-DISK/explain');
    expect(closed.summary).toMatch(/not deleted: C-DISK allows no deletions now$/);
    expect(
      await tryAll({
        ...closed,
        remedies: closed.remedies.filter(({ path }) => path.startsWith('/rses')),
      }),
    ).toHaveLength(1);
    await api.root('POST', '/rses/C-DISK/attr/keep_last_copy', { value: true });
    const last = await explain('/replicas/lab/cached/C-DISK/explain');
    expect(last.summary).toMatch(
      /not deleted: it is the last good copy, and C-DISK keeps last copies$/,
    );
    await api.root('DELETE', '/rses/C-DISK/attr/keep_last_copy');
  });

  it('that a client began to write says since when, and whether it was given up', async () => {
    const file = { scope: 'lab', name: 'begun', bytes: 1, adler32: '00000001' };
    await api.root('POST', '/replicas', { rse: 'C-DISK', files: [{ ...file, state: 'C' }] });
    const path = '/replicas/lab/begun/C-DISK/explain';
    expect((await explain(path)).lines).toContainEqual(
      expect.stringMatching(/^Nobody has asked for a transfer to it: a client has been writing it/),
    );
    await api.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE replicas SET accessed_at = now() - interval '2 days' WHERE state = 'C'`,
      ),
    );
    const late = await explain(path);
    expect(late.lines).toContainEqual(
      expect.stringMatching(/^A client began to write it since .*, and has never said/),
    );
    expect(late.lines).toContainEqual(expect.stringMatching(/upload-forgotten/));
    const sayThere = late.remedies.filter(({ method }) => method === 'PUT');
    expect(await tryAll({ ...late, remedies: sayThere })).toEqual([
      'say that it is there, if it is',
    ]);
    expect((await explain(path)).state).toBe('AVAILABLE');
  });

  it('is found by a name with a slash, and not where there is none', async () => {
    expect((await explain('/replicas/lab/sub%2Ff3/A-DISK/explain')).subject).toBe(
      'lab:sub/f3@A-DISK',
    );
    expect((await explain('/replicas/lab/sub/f3/A-DISK/explain')).subject).toBe(
      'lab:sub/f3@A-DISK',
    );
    expect(refusal(await alice('GET', '/replicas/lab/cached/B-DISK/explain'))).toBe(
      '404 ReplicaNotFound',
    );
    expect(refusal(await alice('GET', '/replicas/lab/f1/NO-DISK/explain'))).toBe('404 RSENotFound');
  });
});

describe('an RSE', () => {
  it('tells what waits there, what failed and what it holds', async () => {
    await add('B-DISK', { lifetime: 7200 });
    const { summary, lines, facts, state } = await explain('/rses/B-DISK/explain');
    expect(state).toBe('OPEN');
    expect(summary).toMatch(/^\d+ transfers? queued to it, 0 under way; in the last hour/);
    expect(lines.some((line) => /QUEUED, activity 'User Subscriptions'/.test(line))).toBe(true);
    expect(lines.some((line) => line.startsWith('Space: '))).toBe(true);
    expect(facts).toMatchObject({ availability_write: true, drift: { rules: 0 } });
  });

  it('closed or full says so, and how to open it', async () => {
    await api.root('PUT', '/rses/B-DISK', { availability_write: false });
    await api.root('PUT', '/rses/B-DISK/limits', { name: 'MaxSpaceAvailable', value: 1 });
    const explained = await explain('/rses/B-DISK/explain');
    expect(explained.state).toBe('CLOSED FOR WRITING');
    expect(explained.lines[0]).toBe('It is closed for writing');
    expect(await tryAll(explained)).toContain('open B-DISK for writing');
    expect((await explain('/rses/B-DISK/explain')).state).toBe('OPEN');
    expect(refusal(await alice('GET', '/rses/NO-DISK/explain'))).toBe('404 RSENotFound');
  });
});

describe('a request', () => {
  const waiting = async (): Promise<string> => {
    const [request] = await api.db.read((tx) =>
      rows<{ id: string }>(
        tx,
        sql`SELECT replace(q.uid::text, '-', '') AS id FROM requests q JOIN dids d ON d.id = q.did_id
              JOIN rses e ON e.id = q.rse_id
             WHERE d.name = 'f2' AND e.name = 'B-DISK' ORDER BY q.id LIMIT 1`,
      ),
    );
    return request?.id ?? '';
  };

  it('tells its turn, and every copy as a source or why it is none', async () => {
    await api.root('POST', '/replicas', {
      rse: 'C-DISK',
      files: [{ scope: 'lab', name: 'f2', bytes: 10, adler32: '00000001' }],
    });
    await api.root('PUT', '/rses/C-DISK', { availability_read: false });
    const id = await waiting();
    const { state, summary, lines, facts, next } = await explain(`/requests/${id}/explain`);
    expect(state).toBe('QUEUED');
    expect(summary).toMatch(/^QUEUED: (it is next|\d+ requests? before it) to B-DISK/);
    expect(lines).toContain('Source 1: A-DISK');
    expect(lines).toContain('No source: C-DISK: closed for reading');
    expect(next[0]).toMatch(/copies from A-DISK$/);
    expect(facts['sources']).toMatchObject([
      { rse: 'A-DISK', rank: 1 },
      { rse: 'C-DISK', rank: null },
    ]);
    await api.root('PUT', '/rses/C-DISK', { availability_read: true });
  });

  it('that waits says for what, and until when', async () => {
    const id = await waiting();
    await api.db.tx((tx) =>
      execute(
        tx,
        sql`UPDATE requests SET state = 'W', due_at = now() + interval '1 hour', cause = 'TIMEOUT', error = 'no answer', attempt = 1
             WHERE replace(uid::text, '-', '') = ${id}`,
      ),
    );
    const { summary, lines } = await explain(`/requests/${id}/explain`);
    expect(summary).toMatch(/^WAITING: no answer; next look at/);
    expect(lines[0]).toMatch(/^Attempt 2 of 3, wanted since/);
  });

  it('that is over or never was is not found', async () => {
    expect(refusal(await alice('GET', `/requests/${'f'.repeat(32)}/explain`))).toBe(
      '404 RequestNotFound',
    );
  });
});

describe('an account', () => {
  it('tells its limits, its use and its rules that are not OK', async () => {
    await api.root('POST', '/accounts/alice/limits/local/C-DISK', { bytes: 0 });
    const explained = await explain('/accounts/alice/explain');
    expect(explained.summary).toMatch(/^\d+ rules: .*; charged for \d+ copies \(\d+ B\)$/);
    expect(
      explained.lines.some((line) => /^C-DISK: .* of 0 B, full: no more rules there$/.test(line)),
    ).toBe(true);
    expect(await tryAll(explained)).toContain(explained.remedies[0]?.what);
    expect((await explain('/accounts/alice/explain', api.root)).subject).toBe('alice');
  });

  it('is told to itself and admins only', async () => {
    const bob = await api.as('bob');
    expect(refusal(await bob('GET', '/accounts/alice/explain'))).toBe('403 AccessDenied');
    expect(refusal(await api.root('GET', '/accounts/nobody/explain'))).toBe('404 AccountNotFound');
  });
});

it('nothing is explained to strangers', async () => {
  const stranger = { 'X-Rucio-Auth-Token': 'nobody' };
  for (const path of ['/rses/A-DISK/explain', '/dids/lab/run/explain', '/accounts/alice/explain']) {
    const answer = await api.anonymous('GET', path, undefined, stranger);
    expect(refusal(answer)).toBe('401 CannotAuthenticate');
  }
});
