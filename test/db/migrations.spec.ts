import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type DataSource, type QueryRunner } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { dataSource } from '../../src/db/index.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let base: TestDatabase;
let source: DataSource;
let runner: QueryRunner;
beforeAll(async () => {
  base = await testDatabase();
  source = await dataSource({ url: base.url, poolSize: 1 }).initialize();
  runner = source.createQueryRunner();
});
afterAll(async () => {
  await runner.release();
  await source.destroy();
  await base.close();
});

/** All that a schema is made of, one text each, sorted. The order of columns in a table is no part of it. */
const SCHEMA = `
  SELECT 'column ' || attrelid::regclass::text || '.' || attname::text || ' ' || format_type(atttypid, atttypmod)
         || CASE WHEN attnotnull THEN ' not null' ELSE '' END || ' ' || attidentity::text
         || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS part
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT 'constraint of ' || conrelid::regclass::text || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT relkind::text || ' ' || relname::text || coalesce(' with ' || reloptions::text, '')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'statistics ' || pg_get_statisticsobjdef(oid) || ' ' || coalesce(stxstattarget::text, '')
    FROM pg_statistic_ext WHERE stxnamespace = 'public'::regnamespace
  ORDER BY part`;

const schema = async (): Promise<string[]> =>
  ((await runner.query(SCHEMA)) as { part: string }[]).map(({ part }) => part);
const inTransaction = async (work: () => Promise<void>): Promise<void> => {
  await runner.startTransaction();
  await work();
  await runner.commitTransaction();
};

it('every migration but the first takes back what it did, and does it again', async () => {
  const later = migrations.slice(1);
  const known: string[][] = [];
  for (const Migration of later.toReversed()) {
    known.unshift(await schema());
    await inTransaction(() => new Migration().down(runner));
  }
  for (const [at, Migration] of later.entries()) {
    await inTransaction(() => new Migration().up(runner));
    expect([Migration.name, await schema()]).toEqual([Migration.name, known[at]]);
  }
}, 120_000);

it('the first one says that it cannot be taken back', async () => {
  await expect(new migrations[0]().down()).rejects.toThrow(/drop the database instead/);
});
