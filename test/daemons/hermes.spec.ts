import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config } from '../../src/config/index.js';
import { hermes } from '../../src/daemons/hermes.js';
import { execute, one, rows, sql } from '../../src/db/index.js';
import { tell } from '../../src/messages/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { type Court, court } from '../support/judge.js';
import { hold } from '../support/sessions.js';

interface Delivery {
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly events: Record<string, unknown>[];
}

/** A sink that answers as it is told. */
class Ear {
  readonly heard: Delivery[] = [];
  answer: (events: Record<string, unknown>[]) => number = () => 200;
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(): Promise<Ear> {
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        const events = JSON.parse(text) as Record<string, unknown>[];
        const status = ear.answer(events);
        const { authorization, 'content-type': type } = request.headers;
        if (status < 300) ear.heard.push({ type, authorization, events });
        response.writeHead(status).end('as told');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const ear = new Ear(
      server,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    );
    return ear;
  }

  payloads(key: string): unknown[] {
    return this.heard.flatMap(({ events }) => events.map((event) => event[key]));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let base: TestDatabase;
let a: Court;
let ear: Ear;
beforeEach(async () => {
  base = await testDatabase();
  a = await court(base.db);
  await base.db.tx((tx) => execute(tx, sql`DELETE FROM messages`));
  ear = await Ear.open();
});
afterEach(async () => {
  ear.close();
  await base.close();
});

type Sinks = Config['messages']['sinks'];
const oneShift = (sinks: Sinks) => a.shift(hermes({ ...a.config, messages: { sinks } }));
/** Whether a sink that may be told has not been told everything. */
const isBehind = async () => {
  const behind = await base.db.read((tx) =>
    rows(
      tx,
      sql`SELECT FROM message_sinks s WHERE s.due_at <= ${a.now}
             AND EXISTS (SELECT FROM messages m WHERE (m.xact, m.id) > (s.xact, s.id))`,
    ),
  );
  return behind.length > 0;
};
/**
 * Shifts until the sinks are told everything. One is not always enough beside other specs: what wrote
 * to their databases and ended at this very moment might have been ours.
 */
async function shiftOf(sinks: Sinks) {
  const total = { ...IDLE };
  do {
    const { seen, done, failed } = await oneShift(sinks);
    total.seen += seen;
    total.done += done;
    total.failed += failed;
  } while (await isBehind());
  return total;
}
const say = (type: string, ...numbers: number[]) =>
  base.db.tx((tx) =>
    tell(
      tx,
      type,
      numbers.map((n) => ({ n })),
    ),
  );
const monitoring = (more: object = {}): Sinks => [{ name: 'monitoring', url: ear.url, ...more }];
const IDLE = { seen: 0, done: 0, failed: 0, more: false };

describe('a sink', () => {
  it('is told everything once, in order, in the words of Rucio', async () => {
    await say('transfer-done', 1, 2);
    await say('LOST', 3);
    expect(await shiftOf(monitoring())).toMatchObject({ done: 3, failed: 0 });
    expect(ear.heard[0]?.type).toContain('application/json');
    expect(ear.heard[0]?.events[0]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      event_type: 'transfer-done',
      payload: { n: 1 },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/),
    });
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(await shiftOf(monitoring())).toEqual(IDLE);
    await say('LOST', 4);
    await shiftOf(monitoring());
    expect(ear.heard.at(-1)?.events).toMatchObject([{ payload: { n: 4 } }]);
  });

  it('is told CloudEvents where it wants them, with its token, page by page', async () => {
    const tokenFile = join(tmpdir(), `sink-token-${process.pid}`);
    writeFileSync(tokenFile, 'open sesame\n');
    await say('LOST', 1, 2, 3);
    await shiftOf(monitoring({ format: 'cloudevents', tokenFile, batch: 2 }));
    expect(ear.heard.map(({ events }) => events.length)).toEqual([2, 1]);
    expect(ear.heard[0]).toMatchObject({
      type: expect.stringContaining('application/cloudevents-batch+json'),
      authorization: 'Bearer open sesame',
      events: [{ specversion: '1.0', type: 'LOST', data: { n: 1 } }, {}],
    });
  });

  it('is told only the types it asks for', async () => {
    await say('LOST', 1);
    await say('CLOSE', 2);
    await shiftOf(monitoring({ events: ['CLOSE'] }));
    expect(ear.payloads('payload')).toEqual([{ n: 2 }]);
    expect(await shiftOf(monitoring({ events: ['CLOSE'] }))).toEqual(IDLE);
  });

  it('that does not answer is told later what it missed, and keeps no other waiting', async () => {
    const other = await Ear.open();
    const sinks: Sinks = [...monitoring(), { name: 'other', url: other.url }];
    await say('LOST', 1);
    ear.answer = () => 503;
    expect(await shiftOf(sinks)).toMatchObject({ failed: 1 });
    expect(other.payloads('payload')).toEqual([{ n: 1 }]);
    ear.answer = () => 200;
    expect(await shiftOf(sinks)).toEqual(IDLE);
    a.pass(6);
    await say('LOST', 2);
    await shiftOf(sinks);
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(other.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }]);
    other.close();
  });

  it('that refuses one event is told all the others', async () => {
    await say('LOST', 1, 2, 3, 4, 5);
    ear.answer = (events) =>
      events.some(({ payload }) => (payload as { n: number }).n === 4) ? 422 : 200;
    expect(await shiftOf(monitoring())).toMatchObject({ seen: 5, done: 4, failed: 1 });
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 5 }]);
    expect(await shiftOf(monitoring())).toEqual(IDLE);
  });

  it('is told by one worker at a time', async () => {
    await say('LOST', 1, 2);
    await Promise.all([shiftOf(monitoring()), shiftOf(monitoring())]);
    await shiftOf(monitoring());
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('misses nothing of a transaction that commits late', async () => {
    const late = await hold(base.db, (tx) => tell(tx, 'LOST', [{ n: 1 }]));
    await say('LOST', 2);
    await oneShift(monitoring());
    expect(ear.heard).toEqual([]);
    await late.release();
    await shiftOf(monitoring());
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('begins anew when a dump came to another server', async () => {
    await say('LOST', 1);
    await shiftOf(monitoring());
    await base.db.tx(async (tx) => {
      await execute(tx, sql`UPDATE messages SET xact = xact + 1000000000`);
      await execute(tx, sql`UPDATE message_sinks SET xact = xact + 1000000000`);
    });
    await say('LOST', 2);
    await shiftOf(monitoring());
    expect(ear.payloads('payload')).toEqual([{ n: 1 }, { n: 1 }, { n: 2 }]);
    expect(await shiftOf(monitoring())).toEqual(IDLE);
  });

  it('says in the catalogue why it cannot be told', async () => {
    await say('LOST', 1);
    ear.answer = () => 500;
    await shiftOf(monitoring());
    const row = await base.db.read((tx) =>
      one<{ error: string; attempts: number }>(tx, sql`SELECT error, attempts FROM message_sinks`),
    );
    expect(row).toEqual({ error: 'monitoring: 500 as told', attempts: 1 });
  });
});

it('two sinks of one name are refused: they would share their place', () => {
  const sinks = [...monitoring(), ...monitoring()];
  expect(() => hermes({ ...a.config, messages: { sinks } })).toThrow(/two sinks are named/);
});
