import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CLASS_OF_STATUS, STATUS_OF } from '../../src/api/wire/error-table.js';
import { headerText } from '../../src/api/wire/wire-error.js';
import { reconcilersOf } from '../../src/daemons/index.js';
import { execute, sql } from '../../src/db/index.js';
import { checks, doctorTerms, lookOver } from '../../src/doctor/index.js';
import { listRoutes } from '../../src/routes.js';
import { openStorages } from '../../src/storages.js';
import { DaemonNames } from '../../src/vocabulary/index.js';
import { bundledConfigFile, loadConfig } from '../../src/config/index.js';
import { startApi, type TestApi } from '../support/api.js';
import { shift } from '../support/shift.js';
import { requestsFor, type Sent } from './arbitraries.js';
import { type RawAnswer, sendRaw } from './send-raw.js';
import { type Known, STORY_PASSWORD, tellStory } from './story.js';
import { type Witness, witness } from './witness.js';

/** More runs and another seed find more: FUZZ_RUNS=500 FUZZ_SEED=7 npm test -- test/fuzz. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 15);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261121);

const routes = await listRoutes();
const classes = new Set([...Object.keys(STATUS_OF), ...Object.values(CLASS_OF_STATUS)]);
const SENDERS = ['root', 'wire-alice', 'nobody'] as const;
type Sender = (typeof SENDERS)[number];

let api: TestApi;
let writes: Witness;
let known: Known;
const tokens: Partial<Record<Sender, string>> = {};

beforeAll(async () => {
  api = await startApi();
  known = await tellStory(api);
  for (const [account, password] of [
    ['root', 'correct horse'],
    ['wire-alice', STORY_PASSWORD],
  ] as const) {
    const answer = await api.anonymous('GET', '/auth/userpass', undefined, {
      'X-Rucio-Account': account,
      'X-Rucio-Username': account,
      'X-Rucio-Password': password,
    });
    tokens[account] = answer.headers['x-rucio-auth-token'] ?? '';
  }
  await api.db.tx((tx) =>
    execute(tx, sql`CREATE TABLE kept_tokens AS SELECT hash, account_id, expires_at FROM tokens`),
  );
  writes = await witness(api.db);
});
afterAll(() => api.close());

/** A request of root's may have banned whoever asks next. */
async function reviveSenders(): Promise<void> {
  await api.db.tx(async (tx) => {
    await execute(tx, sql`UPDATE accounts SET status = 'A' WHERE status <> 'A'`);
    await execute(
      tx,
      sql`INSERT INTO tokens (hash, account_id, expires_at) SELECT * FROM kept_tokens
          ON CONFLICT DO NOTHING`,
    );
  });
  await writes.written();
}

const send = (sender: Sender, method: string, { path, headers, body }: Sent) => {
  const token = tokens[sender];
  const own: Record<string, string> = token === undefined ? {} : { 'X-Rucio-Auth-Token': token };
  return sendRaw(api.url, { method, path, headers: { ...headers, ...own }, body });
};

/** Throws unless the answer is one that a client can make something of. */
function judge({ status, headers, text, whole }: RawAnswer): void {
  expect({ status, whole, text: status < 500 ? '' : text }).toEqual({
    status: expect.any(Number),
    whole: true,
    text: '',
  });
  if (status < 400) return;
  const { ExceptionClass, ExceptionMessage } = JSON.parse(text) as Record<string, string>;
  expect(classes).toContain(ExceptionClass);
  expect(headers['exceptionclass']).toBe(ExceptionClass);
  // Blanks at the end of a header are no part of it.
  expect(headers['exceptionmessage']).toBe(headerText(ExceptionMessage ?? '').trim());
  expect(ExceptionMessage).toMatch(/\w/);
}

/** What no client may learn: how we are made. */
const INSIDE = /node_modules|\.ts:\d|\bat [A-Z]\w+\.|SELECT .* FROM|syntax error at|violates/;

/** What is said where nothing but the database noticed: it names no field. */
const NAMELESS = /cannot be stored/;

describe('whatever is sent to', () => {
  it.each(routes)(
    '$method $path is answered, and what is refused is not written',
    async (route) => {
      await reviveSenders();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...SENDERS, 'root' as const, 'root' as const),
          requestsFor(route, known),
          async (sender, request) => {
            const answer = await send(sender, route.method, request);
            judge(answer);
            expect(answer.headers['set-cookie'] ?? answer.headers['x-evil']).toBeUndefined();
            const written = await writes.written();
            if (answer.status >= 400) {
              expect(answer.text).not.toMatch(INSIDE);
              expect(answer.text).not.toMatch(NAMELESS);
              expect({ status: answer.status, written }).toEqual({
                status: answer.status,
                written: [],
              });
            }
            if (answer.status === 401) await reviveSenders();
          },
        ),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
    },
  );
});

/** Those that touch no storage. */
const OFFLINE = DaemonNames.filter(
  (name) => !/^(conveyor-(sub|pol)|reaper|dark|verifier)/.test(name),
);
/** A job has more to do as long as it is told so. */
const SHIFTS = 5;

describe('what was accepted', () => {
  const config = loadConfig({ file: bundledConfigFile('test'), environment: {} });

  it('is worked off by every daemon without a fault', async () => {
    const storages = openStorages(api.db, config);
    for (let turn = 0; turn < SHIFTS; turn++) {
      for (const daemon of reconcilersOf(OFFLINE, { config, storages })) {
        await shift(api.db, daemon, { batch: 200 });
      }
    }
  });

  it('leaves nothing that the doctor would complain about', async () => {
    const terms = { ...doctorTerms(config, new Date()), repair: false, clock: () => new Date() };
    const complaints: string[] = [];
    for (const check of checks) {
      const { found, examples } = await lookOver(api.db, check, terms);
      if (found > 0)
        complaints.push(...examples.map((it) => `${check.name}: ${it.subject}: ${it.fact}`));
    }
    expect(complaints).toEqual([]);
  });
});
