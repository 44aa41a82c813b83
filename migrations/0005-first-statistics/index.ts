import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * How different the values of a key are: so many, or where negative, so many for each row. Without
 * ANALYZE the planner takes every value for one of 200, so that "the copies of a file" are thousands,
 * and it reads whole tables in statements that look up a batch by its keys. A bulk load runs for
 * minutes before ANALYZE comes; the first one replaces these figures.
 */
const figures = `
  ('contents', 'parent_id', -0.005), ('contents', 'child_id', -0.9),
  ('replicas', 'did_id', -0.5), ('replicas', 'rse_id', 50), ('replicas', 'state', 6),
  ('locks', 'did_id', -0.4), ('locks', 'rse_id', 50), ('locks', 'rule_id', -0.001), ('locks', 'state', 3),
  ('requests', 'did_id', -0.8), ('requests', 'rse_id', 50), ('requests', 'rule_id', -0.01),
  ('stuck_locks', 'did_id', -0.8), ('stuck_locks', 'rse_id', 50), ('stuck_locks', 'rule_id', -0.01),
  ('guarded_copies', 'did_id', -0.9), ('replica_paths', 'did_id', -0.9),
  ('bad_replicas', 'did_id', -0.9), ('updated_dids', 'did_id', -0.5), ('rules', 'did_id', -0.7)`;

/** PostgreSQL before 18 cannot be told; a table that was analysed knows better. */
const tell = `
DO $$ BEGIN
  IF current_setting('server_version_num')::int < 180000 THEN RETURN; END IF;
  PERFORM pg_restore_attribute_stats('schemaname', current_schema()::text, 'relname', f.relation,
            'attname', f.attribute, 'inherited', false, 'null_frac', 0::real, 'n_distinct', f.n::real)
     FROM (VALUES ${figures}) f(relation, attribute, n)
    WHERE NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = current_schema()
                         AND s.tablename = f.relation AND s.attname = f.attribute);
END $$`;

export class FirstStatistics1795564800000 implements MigrationInterface {
  readonly name = 'FirstStatistics1795564800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tell);
  }

  /** The figures harm no other version, and ANALYZE replaces them. */
  async down(): Promise<void> {}
}
