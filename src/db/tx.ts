import { types, type PoolClient, type QueryResult } from 'pg';
import { type EntityManager } from 'typeorm';

const INT8 = 20;
const INT8_ARRAY = 1016;
const parseInt8Array = types.getTypeParser(1009 as never) as unknown as (text: string) => string[];

/** int8 is a bigint here, always: ids and byte counts pass 2^53. */
const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return (text: string) => BigInt(text);
    if (oid === INT8_ARRAY) {
      return (text: string) =>
        parseInt8Array(text).map((item) => (item === null ? null : BigInt(item)));
    }
    return types.getTypeParser(oid, format) as unknown;
  },
};

/** One connection, inside a transaction (Database.tx) or between short statements (Database.read). */
export class Tx {
  constructor(
    private readonly client: PoolClient,
    /** For single-row reads by entity; set-based statements go through src/db/sql.ts. */
    readonly manager: EntityManager,
  ) {}

  /** Runs a statement; a named one is parsed and planned once a connection. */
  query(text: string, values: readonly unknown[] = [], name?: string): Promise<QueryResult> {
    return this.client.query({ text, values: values as unknown[], types: typeParsers, name });
  }
}
