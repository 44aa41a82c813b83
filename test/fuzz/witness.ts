import { type Database, execute, ident, only, rows, sql } from '../../src/db/index.js';

/** Tells what has been written to a database and was committed. */
export interface Witness {
  /** `dids INSERT 3`: one text a table and kind of write since the last question. */
  written(): Promise<string[]>;
}

/**
 * Puts a trigger on every table that notes each row written. What it notes is part of the writer's
 * own transaction: a rolled back write leaves no note, a committed one always does.
 */
export async function witness(db: Database): Promise<Witness> {
  await db.tx(async (tx) => {
    await execute(tx, sql`CREATE TABLE witnessed (id bigserial PRIMARY KEY, what text NOT NULL)`);
    await execute(
      tx,
      sql`CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO witnessed (what) VALUES (TG_TABLE_NAME || ' ' || TG_OP); RETURN NULL; END $$`,
    );
    const tables = await rows<{ name: string }>(
      tx,
      sql`SELECT c.relname AS name FROM pg_class c
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
             AND NOT c.relispartition AND c.relname <> 'witnessed'`,
    );
    for (const { name } of tables) {
      await execute(
        tx,
        sql`CREATE TRIGGER witness AFTER INSERT OR UPDATE OR DELETE ON ${ident(name)}
            FOR EACH ROW EXECUTE FUNCTION witness()`,
      );
    }
  });
  let seen = 0n;
  return {
    async written() {
      const { last } = await db.read((tx) =>
        only<{ last: bigint | null }>(tx, sql`SELECT max(id) AS last FROM witnessed`),
      );
      if (last === null || last <= seen) return [];
      const news = await db.read((tx) =>
        rows<{ what: string }>(
          tx,
          sql`SELECT what || ' ' || count(*) AS what FROM witnessed
               WHERE id > ${seen} AND id <= ${last} GROUP BY witnessed.what ORDER BY 1`,
        ),
      );
      seen = last;
      return news.map(({ what }) => what);
    },
  };
}
