import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, startApi, type TestApi } from '../../support/api.js';
import { outbox, type OutboxEvent } from '../../support/events.js';

let api: TestApi;
let root: Call;
let letters: () => Promise<OutboxEvent['payload'][]>;
let serial = 0;

beforeAll(async () => {
  api = await startApi();
  root = api.root;
  await root('POST', '/accounts/root/scopes/lab');
  const people = { alice: 'alice@example.org', bert: 'bert@example.org', zoe: null };
  for (const [name, email] of Object.entries(people)) {
    await root('POST', `/accounts/${name}`, { type: 'USER', email });
  }
  await root('PUT', '/accounts/root', { email: 'root@example.org' });
  for (const rse of ['A-DISK', 'B-DISK']) await root('POST', `/rses/${rse}`, {});
  await root('POST', '/rses/B-DISK/attr/rule_approvers', { value: 'bert, zoe' });
  const all = outbox(api.db);
  letters = async () =>
    (await all()).filter(({ type }) => type === 'email').map(({ payload }) => payload);
});
afterAll(() => api.close());

let run: string;
beforeEach(async () => {
  run = `run${++serial}`;
  const dids = [{ scope: 'lab', name: `${run}.a`, bytes: 10, adler32: '00000001' }];
  await root('POST', `/dids/lab/${run}`, { type: 'DATASET', dids, rse: 'A-DISK' });
  await letters();
});

const ask = async (rse: string, more: object = {}) => {
  const body = {
    ...{ dids: [{ scope: 'lab', name: run }], copies: 1, rse_expression: rse, account: 'alice' },
    ...{ ask_approval: true, ...more },
  };
  const answer = await root('POST', '/rules/', body);
  return (answer.body as string[])[0] as string;
};
const decide = (id: string, options: object) => root('PUT', `/rules/${id}`, { options });
const rule = async (id: string) =>
  (await root('GET', `/rules/${id}`)).body as Record<string, unknown>;

describe('a rule that waits for approval', () => {
  it('is told by letter to whom the RSE names, or else to the admins', async () => {
    const id = await ask('B-DISK', { comment: 'for the paper' });
    expect(await letters()).toEqual([
      {
        to: ['bert@example.org'],
        subject: `Request to approve replication rule ${id}`,
        body: expect.stringMatching(
          /^The account alice asks.*\n[^]*lab:run1[^]*B-DISK[^]*for the paper/,
        ),
      },
    ]);
    await ask('A-DISK');
    expect((await letters()).map(({ to }) => to)).toEqual([['root@example.org']]);
  });

  it('goes to the injector without asking for quota when it is approved; its owner is told', async () => {
    const id = await ask('B-DISK');
    expect(await rule(id)).toMatchObject({ state: 'WAITING_APPROVAL', locks_ok_cnt: 0 });
    await letters();
    expect((await decide(id, { approve: true })).status).toBe(200);
    expect(await rule(id)).toMatchObject({ state: 'INJECT', ignore_account_limit: true });
    expect(await letters()).toEqual([
      {
        to: ['alice@example.org'],
        subject: `Replication rule ${id} has been approved`,
        body: expect.stringContaining('approved by root'),
      },
      {
        to: ['bert@example.org'],
        subject: `Re: Request to approve replication rule ${id}`,
        body: expect.stringContaining('approved by root'),
      },
    ]);
  });

  it('is gone when it is denied, with the reason in its past and in the letter', async () => {
    const id = await ask('A-DISK');
    await letters();
    await decide(id, { approve: false, comment: 'no room' });
    expect((await root('GET', `/rules/${id}`)).status).toBe(404);
    expect((await root('GET', `/rules/${id}/history`)).text).toContain('WAITING_APPROVAL');
    expect((await letters())[0]).toEqual({
      to: ['alice@example.org'],
      subject: `Replication rule ${id} has been denied`,
      body: expect.stringContaining('Comment: no room'),
    });
  });

  it('is the only one that a decision changes', async () => {
    const id = await ask('A-DISK', { ask_approval: false, account: 'root' });
    const before = await rule(id);
    expect((await decide(id, { approve: true })).status).toBe(200);
    expect((await decide(id, { approve: false })).status).toBe(200);
    expect(await rule(id)).toEqual(before);
    expect(await letters()).toEqual([]);
  });
});

describe('a rule that comes to be OK', () => {
  it('is told by letter to an owner who asked for it and has an address', async () => {
    const id = await ask('A-DISK', { ask_approval: false, account: 'root', notify: 'Y' });
    expect(await letters()).toEqual([
      {
        to: ['root@example.org'],
        subject: `Replication rule ${id} is OK`,
        body: expect.stringContaining(`DID: lab:${run}`),
      },
    ]);
    await ask('A-DISK', {
      ask_approval: false,
      account: 'root',
      rse_expression: '*&A-DISK',
      notify: 'C',
    });
    expect(await letters()).toEqual([]);
  });
});
