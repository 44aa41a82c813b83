import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Config } from '../../src/config/index.js';
import { hermes } from '../../src/daemons/hermes.js';
import { type Reconciler } from '../../src/daemons/runtime/index.js';
import { execute, one, sql } from '../../src/db/index.js';
import { createLog } from '../../src/log/index.js';
import { EventType, tell } from '../../src/messages/index.js';
import { RuleNotification } from '../../src/vocabulary/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { type PostOffice, postOffice } from '../support/post-office.js';
import { shift } from '../support/shift.js';

let base: TestDatabase;
let a: Court;
let office: PostOffice;
let daemon: Reconciler;
let logged: string[];
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await base.db.tx((tx) => execute(tx, sql`DELETE FROM messages`));
  office = await postOffice();
  daemon = post();
  logged = [];
});
afterEach(async () => {
  await office.close();
  await base.close();
});

const post = () => {
  const { port } = office;
  const smtp = { host: '127.0.0.1', port, tls: 'none' as const, from: 'sluice@example.org' };
  const sinks: Config['messages']['sinks'] = [{ name: 'letters', smtp, timeoutMs: 5000 }];
  return hermes({ ...a.config, messages: { sinks } });
};
const carry = () => {
  const log = createLog('trace', { write: (line) => logged.push(line) });
  return shift(base.db, daemon, { now: a.now, log });
};
const write = (...names: string[]) =>
  base.db.tx((tx) =>
    tell(
      tx,
      EventType.EMAIL,
      names.map((name) => ({ to: [`${name}@example.org`], subject: name, body: name })),
    ),
  );
const subjects = () =>
  office.arrived.map(({ headers }) => headers.find(([name]) => name === 'subject')?.[1]);
/** Shifts until everything is told that can be: others may have held their events back for a moment. */
const until = async (count: number) => {
  while (office.arrived.length < count) await carry();
};

describe('letters', () => {
  it('tell the owner of a rule that it is OK', async () => {
    await base.db.tx((tx) =>
      execute(tx, sql`UPDATE accounts SET email = 'jdoe@example.org' WHERE id = ${a.accountId}`),
    );
    await a.rse('A-DISK');
    await a.dataset('ds');
    await a.data('ds', ['f1'], 'A-DISK');
    await a.rule('ds', { notification: RuleNotification.YES });
    await until(1);
    expect(office.arrived).toMatchObject([{ to: ['jdoe@example.org'] }]);
    expect(subjects()).toEqual([expect.stringMatching(/^Replication rule [0-9a-f]{32} is OK$/)]);
    expect(office.arrived[0]?.body).toContain(`${a.scope}:ds`);
  });

  it('are sent once each, and other events are none', async () => {
    await write('one', 'two');
    await base.db.tx((tx) => tell(tx, EventType.LOST, [{ n: 1 }]));
    await write('three');
    await until(3);
    await carry();
    expect(subjects()).toEqual(['one', 'two', 'three']);
  });

  it('that were taken are not sent again because a later one was not', async () => {
    await write('one', 'two', 'three');
    office.answers.text = () => (office.arrived.length === 2 ? [451, 'disk full'] : undefined);
    await until(2);
    expect(await carry()).toMatchObject({ done: 0 });
    office.answers.text = () => undefined;
    a.pass(6);
    await until(3);
    expect(subjects()).toEqual(['one', 'two', 'three']);
  });

  it('to an address that is refused keep no other waiting', async () => {
    await write('one', 'nobody', 'three');
    office.answers.address = (address) =>
      address.startsWith('nobody') ? [550, 'no such user'] : undefined;
    await until(2);
    expect(subjects()).toEqual(['one', 'three']);
    expect(logged.join()).toContain('nobody@example.org: 550');
  });

  it('wait while the server is away, and the catalogue says why', async () => {
    await write('one');
    office.answers.sender = () => [421, 'closing down'];
    await carry();
    const row = await base.db.read((tx) =>
      one<{ error: string }>(tx, sql`SELECT error FROM message_sinks`),
    );
    expect(row?.error).toMatch(/^letters: MAIL FROM: 421/);
    office.answers.sender = () => undefined;
    await carry();
    expect(office.arrived).toEqual([]);
    a.pass(6);
    await until(1);
  });

  it('one of which was sent when its worker died come again from there, and the same', async () => {
    await write('one', 'two', 'three');
    // The server has taken the second one, and the worker that hears so holds the sink no more.
    office.answers.text = async () => {
      if (office.arrived.length === 1) await forgetWorker();
      return undefined;
    };
    await until(2);
    office.answers.text = () => undefined;
    daemon = post();
    await until(4);
    expect(subjects()).toEqual(['one', 'two', 'two', 'three']);
    expect(office.arrived[2]).toEqual(office.arrived[1]);
  });
});

const forgetWorker = () =>
  base.db.tx((tx) =>
    execute(tx, sql`UPDATE message_sinks SET token = NULL, due_at = ${a.now}::timestamptz`),
  );
