import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the dark-reaper needs to know whose a file is, to work with others of its kind, and to try again. */
const statements = `
-- Until when somebody is deleting the file: nothing may be registered at its path meanwhile.
ALTER TABLE quarantined_replicas ADD COLUMN claimed_until timestamptz;
-- Not before: set where the last try failed.
ALTER TABLE quarantined_replicas ADD COLUMN due_at timestamptz;
CREATE INDEX ON quarantined_replicas (rse_id, created_at);

-- A path tells a name but for repeated slashes: whose it is must be found all the same.
CREATE INDEX dids_doubled_slashes ON dids (scope, (ltrim(regexp_replace(name, '/+', '/', 'g'), '/')))
  WHERE name LIKE '%//%';

-- Closed declarations go when they are old (updated_at moves when they are closed).
CREATE INDEX ON bad_replicas (updated_at) WHERE state IN ('D', 'R', 'S');
`;

export class Quarantine1795996800000 implements MigrationInterface {
  readonly name = 'Quarantine1795996800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX dids_doubled_slashes; DROP INDEX bad_replicas_updated_at_idx;
      ALTER TABLE quarantined_replicas DROP COLUMN claimed_until, DROP COLUMN due_at;
      DROP INDEX quarantined_replicas_rse_id_created_at_idx;`);
  }
}
