import { describe, expect, it } from '@jest/globals';
import { owners, type Table } from '../../src/db/owners.js';
import { retentions } from '../../src/db/retention.js';
import { codeOf, roomOf, sources } from './sources.js';

const WRITES = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE)\s+(?:ONLY\s+)?([a-z_]+)/g;
const CHANGES =
  /\b(?:UPDATE|DELETE\s+FROM)\s+([a-z_]+)|INSERT\s+INTO\s+([a-z_]+)[^;`]{0,1500}?DO\s+UPDATE/g;
const isTable = (name: string): name is Table => name in owners;

describe('the tables', () => {
  it('are written by their own room only', () => {
    const wrong = sources.flatMap((source) =>
      [...codeOf(source).matchAll(WRITES)]
        .map(([, table = '']) => table)
        .filter((table) => isTable(table) && owners[table] !== roomOf(source.path))
        .map((table) => `${source.path} writes ${table}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are written in files that say so: .sql.ts', () => {
    const wrong = sources.filter(
      (source) =>
        !['db', 'daemons'].includes(roomOf(source.path)) &&
        !source.path.endsWith('.sql.ts') &&
        [...codeOf(source).matchAll(WRITES)].some(([, table = '']) => isTable(table)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('name states by the vocabulary, never by a letter', () => {
    const letter =
      /\b(?:state|status|type|did_type|availability|grouping|action)"?\s*(?:=|<>|!=|===|!==|IN\s*\()\s*'[A-Z]'/;
    const wrong = sources.filter(
      (source) => roomOf(source.path) !== 'vocabulary' && letter.test(codeOf(source)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('that grow with time have a retention', () => {
    // What is never updated or deleted by its room only grows.
    const changed = new Set(
      sources.flatMap((source) =>
        [...codeOf(source).matchAll(CHANGES)].map(([, updated, upserted]) => updated ?? upserted),
      ),
    );
    const kept = new Set<string>(retentions.map(({ table }) => table));
    const growing = (Object.keys(owners) as Table[]).filter(
      (table) => !changed.has(table) && !kept.has(table) && !BOUNDED.has(table),
    );
    expect(growing).toEqual([]);
  });
});

/** Tables without UPDATE or DELETE that are bounded by what people declare. */
const BOUNDED = new Set<string>([
  'schema_migrations', // one row a migration
  'meta_keys', // declared by people
  'meta_values', // declared by people
  'signing_keys', // one row a rotation
  'replica_paths', // as many as replicas, goes with them
]);
