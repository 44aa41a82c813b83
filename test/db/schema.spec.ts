import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DataSource, type EntityMetadata } from 'typeorm';
import {
  dataSource,
  execute,
  owners,
  retentions,
  rows,
  sql,
  type Sql,
} from '../../src/db/index.js';
import { entities } from '../../src/entities.js';
import { MessageEntity } from '../../src/messages/index.js';
import { RseEntity } from '../../src/rses/index.js';
import {
  AccountStatusCodec,
  AccountTypeCodec,
  BackfillStateCodec,
  BadFileState,
  BadFileStateCodec,
  DidAvailabilityCodec,
  DidTypeCodec,
  EvaluationCodec,
  IdentityTypeCodec,
  JobItemStateCodec,
  JobStateCodec,
  KeyTypeCodec,
  LifetimeExceptionStateCodec,
  LockStateCodec,
  ReplicaStateCodec,
  RequestState,
  RequestStateCodec,
  RequestTypeCodec,
  RseType,
  RseTypeCodec,
  RuleGroupingCodec,
  RuleNotificationCodec,
  RuleState,
  RuleStateCodec,
  ScopeStatusCodec,
  SubscriptionStateCodec,
  TaskStateCodec,
  TransferDirectionCodec,
} from '../../src/vocabulary/index.js';
import { roomOf, sources } from '../architecture/sources.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

/** Which letters a column may hold. */
const codecs: Record<string, { readonly letters: readonly string[] }> = {
  'accounts.status': AccountStatusCodec,
  'accounts.type': AccountTypeCodec,
  'bad_replicas.state': BadFileStateCodec,
  'dids.availability': DidAvailabilityCodec,
  'dids.type': DidTypeCodec,
  'identities.type': IdentityTypeCodec,
  'job_items.state': JobItemStateCodec,
  'jobs.state': JobStateCodec,
  'lifetime_exceptions.state': LifetimeExceptionStateCodec,
  'locks.state': LockStateCodec,
  'meta_keys.key_type': KeyTypeCodec,
  'replicas.state': ReplicaStateCodec,
  'requests.state': RequestStateCodec,
  'requests.type': RequestTypeCodec,
  'rses.type': RseTypeCodec,
  'rules.did_grouping': RuleGroupingCodec,
  'rules.notification': RuleNotificationCodec,
  'rules.state': RuleStateCodec,
  'scopes.status': ScopeStatusCodec,
  'subscription_backfills.state': BackfillStateCodec,
  'subscription_tasks.state': TaskStateCodec,
  'subscriptions.state': SubscriptionStateCodec,
  'transfer_limits.direction': TransferDirectionCodec,
  'updated_dids.action': EvaluationCodec,
};

/** Tables of the schema; partitions belong to theirs. */
const TABLES = sql`(
  SELECT oid, relname::text AS name, relkind, reloptions FROM pg_class
   WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition)`;

let database: TestDatabase;
let source: DataSource;
const ask = <Row extends object>(statement: Sql) =>
  database.db.read((tx) => rows<Row>(tx, statement));

beforeAll(async () => {
  database = await testDatabase();
  source = await dataSource({ url: database.url, poolSize: 1, entities }).initialize();
});
afterAll(async () => {
  await source.destroy();
  await database.close();
});

describe('entities and migrations', () => {
  it('have the same columns of the same types', async () => {
    // Partitioned tables are only read by entity: what gives their ids is no part of the shape.
    const stored = await ask<{ name: string; shape: string }>(sql`
      SELECT t.name || '.' || attname AS name,
             format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE ' or null' END
               || CASE WHEN attidentity = 'a' AND relkind = 'r' THEN ' identity' ELSE '' END AS shape
        FROM ${TABLES} t JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
       WHERE t.name <> 'schema_migrations'`);
    const shaped = source.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns.map((column) => {
        // TypeORM has no name for PostgreSQL's "char".
        const type = source.driver.normalizeType(column).replace(/^character$/, '"char"');
        const rest = `${column.isNullable ? ' or null' : ''}${column.isGenerated ? ' identity' : ''}`;
        return [`${tableName}.${column.databaseName}`, type + rest];
      }),
    );
    expect(Object.fromEntries(shaped)).toEqual(
      Object.fromEntries(stored.map(({ name, shape }) => [name, shape])),
    );
  });

  it('have the same primary and unique keys', async () => {
    const stored = await ask<{ key: string }>(sql`
      SELECT t.name || CASE contype WHEN 'p' THEN ' primary ' ELSE ' unique ' END
               || (SELECT string_agg(attname, ', ' ORDER BY attname COLLATE "C") FROM pg_attribute
                    WHERE attrelid = t.oid AND attnum = ANY(conkey)) AS key
        FROM pg_constraint JOIN ${TABLES} t ON t.oid = conrelid
       WHERE contype IN ('p', 'u') AND t.name <> 'schema_migrations'`);
    const keyOf = (columns: readonly { databaseName: string }[]) =>
      columns
        .map(({ databaseName }) => databaseName)
        .sort()
        .join(', ');
    const shaped = source.entityMetadatas.flatMap((entity: EntityMetadata) => [
      ...(entity.primaryColumns.length > 0
        ? [`${entity.tableName} primary ${keyOf(entity.primaryColumns)}`]
        : []),
      ...entity.uniques.map(({ columns }) => `${entity.tableName} unique ${keyOf(columns)}`),
    ]);
    expect(shaped.sort()).toEqual(stored.map(({ key }) => key).sort());
  });

  it('agree on what a row says', async () => {
    await database.db.tx(async (tx) => {
      await execute(tx, sql`INSERT INTO rses (name, seed) VALUES ('CATANIA', ${-(2n ** 62n)})`);
      await execute(
        tx,
        sql`INSERT INTO messages (event_type, payload) VALUES ('told', '{"a": 1}')`,
      );
    });
    const [rse] = await source.manager.find(RseEntity, { where: { seed: -(2n ** 62n) } });
    expect(rse).toMatchObject({
      name: 'CATANIA',
      seed: -(2n ** 62n),
      type: RseType.DISK,
      city: null,
      createdAt: expect.any(Date),
    });
    expect(await source.manager.find(MessageEntity)).toMatchObject([
      { id: 1n, eventType: 'told', payload: { a: 1 } },
    ]);
  });
});

describe('the schema', () => {
  it('gives every table an owner, and every owner a table', async () => {
    const tables = await ask<{ name: string }>(sql`SELECT name FROM ${TABLES} t`);
    expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(owners).sort());
  });

  it('is shaped in the room that owns the table', () => {
    const shapes = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/^@(?:Entity|AppendOnly)\('(\w+)'\)/gm)].map(([, table]) => [
        table,
        path.endsWith('.entity.ts') ? roomOf(path) : path,
      ]),
    );
    expect(Object.fromEntries(shapes)).toEqual({ ...owners, schema_migrations: undefined });
  });

  it('lets a column hold exactly the letters of its vocabulary', async () => {
    const checks = await ask<{ name: string; check: string }>(sql`
      SELECT t.name || '.' || attname AS name, pg_get_constraintdef(c.oid) AS check
        FROM pg_constraint c JOIN ${TABLES} t ON t.oid = conrelid
        JOIN pg_attribute ON attrelid = t.oid AND attnum = ANY(conkey)
       WHERE contype = 'c' AND cardinality(conkey) = 1 AND atttypid = '"char"'::regtype`);
    const lettersOf = (check: string) => [...check.matchAll(/'(.)'::"char"/g)].map(([, it]) => it);
    expect(
      Object.fromEntries(checks.map(({ name, check }) => [name, lettersOf(check).sort()])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(codecs).map(([name, { letters }]) => [name, [...letters].sort()]),
      ),
    );
  });

  it('leaves letters unchecked only in rows that were checked before', async () => {
    const columns = await ask<{ table: string; column: string }>(sql`
      SELECT t.name AS table, attname::text AS column FROM ${TABLES} t
        JOIN pg_attribute ON attrelid = t.oid AND atttypid = '"char"'::regtype AND attnum > 0`);
    const copied = new Set<string>(retentions.map(({ table }) => table));
    expect(
      columns
        .filter(({ table }) => !copied.has(table))
        .map(({ table, column }) => `${table}.${column}`)
        .sort(),
    ).toEqual(Object.keys(codecs).sort());
  });
});

describe('replicas and locks', () => {
  it('keep the header of a replica at 24 bytes: eight columns at most', async () => {
    const columns = await ask(
      sql`SELECT 1 FROM pg_attribute WHERE attrelid = 'replicas'::regclass AND attnum > 0`,
    );
    expect(columns.length).toBeLessThanOrEqual(8);
  });

  it.each([
    ['replicas', ['bytes', 'did_id', 'rse_id', 'tombstone']],
    ['locks', ['bytes', 'did_id', 'rse_id', 'rule_id']],
  ])('name no column of %s that changes in an index, tombstone apart', async (table, allowed) => {
    // Columns of keys, and by pg_depend those of expressions and predicates.
    const indexed = await ask<{ name: string }>(sql`
      SELECT DISTINCT attname::text AS name
        FROM pg_index i JOIN pg_attribute ON attrelid = indrelid AND attnum > 0
       WHERE indrelid = ${table}::regclass AND (attnum = ANY(indkey::int2[]) OR EXISTS (
         SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = indexrelid
            AND refobjid = indrelid AND refobjsubid = attnum))`);
    const names = indexed.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['did_id', 'rse_id']));
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('leave room for updates in their pages', async () => {
    const filled = await ask<{ name: string; reloptions: string[] }>(
      sql`SELECT name, reloptions FROM ${TABLES} t WHERE reloptions IS NOT NULL ORDER BY name`,
    );
    expect(filled).toEqual([
      { name: 'locks', reloptions: ['fillfactor=90'] },
      { name: 'replicas', reloptions: ['fillfactor=90'] },
    ]);
  });
});

describe('the queues', () => {
  const is = (letter: string) => `(state = '${letter}'::"char")`;
  const among = (...letters: string[]) =>
    `(state = ANY (ARRAY[${letters.map((letter) => `'${letter}'::"char"`).join(', ')}]))`;

  it.each([
    ['replicas (rse_id, tombstone)', '(tombstone IS NOT NULL)'],
    ['requests (rse_id, activity, priority DESC, id)', is(RequestState.QUEUED)],
    ['requests (id)', is(RequestState.DONE)],
    ['requests (due_at)', is(RequestState.WAITING)],
    ['requests (claimed_until)', among(RequestState.SUBMITTING, RequestState.SUBMITTED)],
    [
      'requests (id)',
      among(
        RequestState.FAILED,
        RequestState.NO_SOURCES,
        RequestState.ONLY_TAPE_SOURCES,
        RequestState.SUBMISSION_FAILED,
        RequestState.MISMATCH_SCHEME,
        RequestState.LOST,
      ),
    ],
    ['rules (expires_at)', '(expires_at IS NOT NULL)'],
    ['rules (repair_at)', is(RuleState.STUCK)],
    ['rules (id)', is(RuleState.INJECT)],
    ['bad_replicas (id)', is(BadFileState.BAD)],
    ['dids (expired_at)', '(expired_at IS NOT NULL)'],
    ['dids (run_number)', '(run_number IS NOT NULL)'],
    ['dids (datatype)', '(datatype IS NOT NULL)'],
    ['dids (guid)', '(guid IS NOT NULL)'],
    ['dids (id)', 'is_new'],
    ['rules (subscription_uid)', '(subscription_uid IS NOT NULL)'],
    ['subscriptions (id)', 'wants_files'],
    ['subscription_backlog (due_at)', '(due_at IS NOT NULL)'],
  ])('have an index on %s where %s', async (columns, predicate) => {
    const indexes = await ask<{ definition: string }>(sql`
      SELECT indexdef AS definition FROM pg_indexes
       WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'`);
    const shortened = indexes.map(({ definition }) =>
      definition.replace(/^CREATE INDEX \S+ ON public\.(\S+) USING btree/, '$1'),
    );
    expect(shortened).toContain(`${columns} WHERE ${predicate}`);
  });
});
