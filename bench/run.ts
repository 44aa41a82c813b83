/*
 * `npm run bench`: hot paths of the whole service over HTTP, each beside its floor in the same run: the
 * bare statement into the same tables with all their indexes. Embedded PostgreSQL, fsync on, autovacuum
 * on. CPU seconds are of this process (service and client) and of PostgreSQL's backends; medians.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config/index.js';
import { execute, one, only, sql } from '../src/db/index.js';
import { createLog } from '../src/log/index.js';
import { serve } from '../src/main.js';
import { injectNext, rulesTerms } from '../src/rules/index.js';
import { RestClient } from '../src/demo/rest-client.js';
import { median, type Measured, measure, serverCpuSeconds } from './measure.js';

const BATCH = 1000;
const BATCHES = 10;
const REPETITIONS = 3;
const PASSWORD = 'bench';

const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const config = loadConfig({
  environment: {},
  overrides: {
    server: { port: 0, roles: ['api'] },
    state: { directory },
    bootstrap: { username: 'root', password: PASSWORD },
  },
});
const service = await serve(config, createLog('warn'));
const { db } = service;
const root = await new RestClient(service.url ?? '', 'root', PASSWORD).login();
const cpu = () => serverCpuSeconds(directory);
const results: (Measured & { path: string; floor: number })[] = [];

async function prepare(): Promise<void> {
  await root.text('POST', '/accounts/root/scopes/bench');
  for (const rse of ['BENCH1', 'BENCH2', 'BENCH3']) {
    await root.text('POST', `/rses/${rse}`, { rse_type: 'DISK' });
    await root.text('POST', `/rses/${rse}/attr/bench`, { value: 'true' });
    await root.text('POST', `/accounts/root/limits/local/${rse}`, { bytes: -1 });
  }
}

const namesOf = (round: number, batch: number): string[] =>
  Array.from(
    { length: BATCH },
    (_, i) => `KM3NeT_${String(round).padStart(8, '0')}_${batch}_S${i}.root`,
  );

/** Files a microsecond figure is divided by. */
const FILES = BATCH * BATCHES;

async function register(round: number): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    const files = namesOf(round, batch).map((name) => ({
      scope: 'bench',
      name,
      bytes: 1000,
      adler32: '0cc737eb',
    }));
    await root.text('POST', '/replicas', { rse: 'BENCH1', files });
  }
}

async function registerFloor(round: number): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    const names = namesOf(round + 1000, batch);
    await db.tx(async (tx) => {
      await execute(
        tx,
        sql`WITH made AS (
              INSERT INTO dids (type, account_id, scope, name, bytes, adler32)
              SELECT 'F', 1, 'bench', name, 1000, 1 FROM unnest(${names}::text[]) AS name
              ON CONFLICT DO NOTHING RETURNING id)
            INSERT INTO replicas (did_id, rse_id, bytes, state) SELECT id, 1, 1000, 'A' FROM made`,
      );
    });
  }
}

async function attach(round: number): Promise<void> {
  await root.text('POST', `/dids/bench/run${round}`, { type: 'DATASET' });
  for (let batch = 0; batch < BATCHES; batch++) {
    const dids = namesOf(round, batch).map((name) => ({ scope: 'bench', name }));
    await root.text('POST', `/dids/bench/run${round}/dids`, { dids });
  }
}

async function attachFloor(round: number): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    const names = namesOf(round, batch);
    await db.tx((tx) =>
      execute(
        tx,
        sql`INSERT INTO contents (parent_id, child_id)
            SELECT ${-1n - BigInt(round)}::bigint, id FROM dids WHERE scope = 'bench' AND name = ANY(${names}::text[])`,
      ),
    );
  }
}

async function rule(round: number): Promise<void> {
  await root.text('POST', '/rules', {
    dids: [{ scope: 'bench', name: `run${round}` }],
    copies: 2,
    rse_expression: 'bench=true\\BENCH1',
    account: 'root',
  });
  // More locks than are made at once: the injector's slices, one transaction each.
  while (await db.tx((tx) => injectNext(tx, rulesTerms(config, new Date())))) continue;
  const { locks } = await db.read((tx) =>
    only<{ locks: bigint }>(
      tx,
      sql`SELECT locks_replicating AS locks FROM rules ORDER BY id DESC LIMIT 1`,
    ),
  );
  if (locks !== BigInt(2 * FILES)) throw new Error(`${locks} locks instead of ${2 * FILES}`);
}

async function ruleFloor(round: number): Promise<void> {
  await db.tx((tx) =>
    execute(
      tx,
      sql`WITH placed AS (
            SELECT c.child_id AS did_id, r.rse_id + ${10 * (round + 1)}::int AS rse_id FROM contents c, unnest(ARRAY[2, 3]) r(rse_id)
             WHERE c.parent_id = ${-1n - BigInt(round)}::bigint),
          copies AS (INSERT INTO replicas (did_id, rse_id, bytes, state, lock_cnt)
            SELECT did_id, rse_id, 1000, 'C', 1 FROM placed),
          held AS (INSERT INTO locks (did_id, rse_id, rule_id, bytes, state)
            SELECT did_id, rse_id, ${-1n - BigInt(round)}::bigint, 1000, 'R' FROM placed)
          INSERT INTO requests (did_id, rse_id, bytes, account_id, state) SELECT did_id, rse_id, 1000, 1, 'W' FROM placed`,
    ),
  );
}

async function list(round: number): Promise<void> {
  const rows = await root.lines('POST', '/replicas/list', {
    dids: [{ scope: 'bench', name: `run${round}` }],
  });
  if (rows.length !== FILES) throw new Error(`${rows.length} rows instead of ${FILES}`);
}

async function listFloor(round: number): Promise<void> {
  await db.read((tx) =>
    one(
      tx,
      sql`SELECT count(*) FROM (
            SELECT d.name, ARRAY(SELECT rse_id FROM replicas r WHERE r.did_id = d.id) FROM contents c JOIN dids d ON d.id = c.child_id
             WHERE c.parent_id = ${-1n - BigInt(round)}::bigint ORDER BY d.name) x`,
    ),
  );
}

const paths: readonly [
  string,
  number,
  (round: number) => Promise<void>,
  (round: number) => Promise<void>,
][] = [
  [`register, ${BATCH} a batch`, FILES, register, registerFloor],
  [`register again`, FILES, register, registerFloor],
  [`attach, ${BATCH} a batch`, FILES, attach, attachFloor],
  ['rule, 2 copies (a lock)', 2 * FILES, rule, ruleFloor],
  ['list replicas', FILES, list, listFloor],
];

try {
  await prepare();
  for (const [path, items, product, floor] of paths) {
    const own: Measured[] = [];
    const floors: Measured[] = [];
    for (let round = 0; round < REPETITIONS; round++) {
      own.push(await measure(() => product(round), cpu, items));
      floors.push(await measure(() => floor(round), cpu, items));
    }
    results.push({ path, ...median(own), floor: median(floors).wall });
  }
  const { version, buffers } = await db.read((tx) =>
    only<{ version: string; buffers: string }>(
      tx,
      sql`SELECT version() AS version, current_setting('shared_buffers') AS buffers`,
    ),
  );
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores; Node ${process.version}; ${version.split(' on ')[0]}, shared_buffers ${buffers}`,
  );
  console.log(`${REPETITIONS} repetitions, medians; µs an item`);
  console.table(
    Object.fromEntries(
      results.map(({ path, wall, node, postgres, floor, spread }) => [
        path,
        {
          wall,
          spread,
          'Node CPU': node,
          'PostgreSQL CPU': postgres,
          'floor wall': floor,
          ratio: Number((wall / floor).toFixed(2)),
        },
      ]),
    ),
  );
  console.log(JSON.stringify({ node: process.version, version, results }));
} finally {
  await service.stop();
  rmSync(directory, { recursive: true, force: true });
}
