import pg from 'pg';
import { release, strip } from './bare-tables.js';
import { copyIn } from './copy-in.js';
import { derivedTables, type Ground } from './derived.js';
import { DIDS_COLUMNS, didRows, META_COLUMNS, metaRows } from './dids-rows.js';
import { LAKE_RSES, type Shape, shapeOf } from './shape.js';
import { sums } from './sums.js';

/** Tables that are filled; the largest first. */
const TABLES = [
  'replicas',
  'locks',
  'dids',
  'contents',
  'did_meta',
  'requests',
  'requests_history_default',
] as const;
const SUMMED = ['rules', 'collections', 'rse_usage', 'account_usage'];

/** Cores are few, and every table can be filled beside the others. */
const SESSIONS = 2;

type Tell = (line: string) => void;
type Step = readonly [what: string, work: (client: pg.Client, tell: Tell) => Promise<unknown>];

/**
 * Fills an empty catalogue with `files` files, their datasets and containers, two copies and two
 * locks each under a rule a dataset, metadata, requests and history, all counters consistent. The
 * scopes, the RSEs of `LAKE_RSES` and the account `root` must be there. Indexes are built after the
 * rows and stand as the migrations made them; statistics are fresh. `tell` hears of every step.
 */
export async function loadCatalogue(url: string, files: number, tell: Tell): Promise<Shape> {
  const clients = Array.from({ length: SESSIONS }, () => new pg.Client(url));
  try {
    for (const client of clients) {
      await client.connect();
      await client.query(`SET maintenance_work_mem = '512MB'; SET work_mem = '128MB'`);
    }
    const [first] = clients;
    if (!first) throw new RangeError('no session');
    const ground = await groundOf(first, files);
    const stripped = await strip(first, TABLES);
    const run = (steps: readonly Step[]) => abreast(clients, steps, tell);
    await run(filling(ground));
    await run([['sums', (client) => inTurn(client, sums(ground))]]);
    const keys = stripped.filter(({ restore }) => !restore.includes('FOREIGN KEY'));
    await run(keys.map(({ restore }) => [restore, (client) => client.query(restore)] as const));
    for (const { restore } of stripped.filter((one) => !keys.includes(one))) {
      await first.query(restore);
    }
    await run([...TABLES, ...SUMMED].map((table) => vacuum(table)));
    await release(first, TABLES);
    return ground.shape;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

const vacuum = (table: string): Step => [
  `vacuum and analyze ${table}`,
  (client) => client.query(`VACUUM (ANALYZE) ${table}`),
];

async function groundOf(client: pg.Client, files: number): Promise<Ground> {
  const { rows } = await client.query<{ account: number; first: number; rses: number[] }>(
    `SELECT (SELECT id FROM accounts WHERE name = 'root') AS account,
            (SELECT coalesce(max(id), 0) + 1 FROM dids)::int AS first,
            ARRAY(SELECT id FROM rses WHERE name = ANY($1) ORDER BY name) AS rses`,
    [LAKE_RSES],
  );
  const [row] = rows;
  if (row?.rses.length !== LAKE_RSES.length) throw new Error('the RSEs of the lake are missing');
  return { shape: shapeOf(files, row.first), accountId: row.account, rseIds: row.rses };
}

/** The rows: files, datasets and metadata by COPY, what follows from them inside the server. */
function filling(ground: Ground): Step[] {
  const { shape, accountId } = ground;
  const made = derivedTables(ground).map(({ table, statements }): Step => [
    table,
    (client) => inTurn(client, statements),
  ]);
  return [
    ['dids', (client) => copyIn(client, DIDS_COLUMNS, didRows(shape, accountId, new Date()))],
    ...made,
    ['did_meta', (client) => copyIn(client, META_COLUMNS, metaRows(shape))],
  ];
}

async function inTurn(
  client: pg.Client,
  statements: readonly string[],
  after?: (done: number) => void,
): Promise<void> {
  for (const [at, statement] of statements.entries()) {
    await client.query(statement);
    if (at > 0 && at % 5 === 0) after?.(at);
  }
}

/** Each session takes the next step as soon as it is free. */
async function abreast(
  clients: readonly pg.Client[],
  steps: readonly Step[],
  tell: Tell,
): Promise<void> {
  const waiting = [...steps];
  await Promise.all(
    clients.map(async (client) => {
      for (let step = waiting.shift(); step; step = waiting.shift()) {
        const [what, work] = step;
        const from = performance.now();
        await work(client, tell);
        tell(`${what}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
      }
    }),
  );
}
