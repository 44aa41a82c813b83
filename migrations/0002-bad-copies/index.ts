import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What is needed to end declarations by themselves, to bound recovery, to verify and to quarantine. */
const statements = `
-- When the necromancer ordered a new copy: what it recovers of an RSE in a day is bounded.
ALTER TABLE bad_replicas ADD COLUMN taken_at timestamptz;
CREATE INDEX ON bad_replicas (rse_id, taken_at) WHERE taken_at IS NOT NULL;
CREATE INDEX ON bad_replicas (expires_at) WHERE state = 'T';
CREATE INDEX ON bad_replicas (rse_id, created_at) WHERE state = 'S';
CREATE INDEX ON bad_replicas (rse_id, created_at) WHERE account_id IS NULL;
CREATE INDEX ON bad_replicas (created_at);

CREATE INDEX dids_lost ON dids (id) WHERE availability = 'L';

-- Copies that somebody could not read: wishes to look at them, by a read of our own.
CREATE TABLE verifications (
  did_id bigint NOT NULL,
  rse_id int NOT NULL,
  attempt int NOT NULL DEFAULT 0,
  asked_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (did_id, rse_id)
);
CREATE INDEX ON verifications (due_at);

-- What stands at a storage without being in the catalogue, for the dark reaper.
CREATE TABLE quarantined_replicas (
  rse_id int NOT NULL REFERENCES rses,
  account_id int NOT NULL REFERENCES accounts,
  path text COLLATE "C" NOT NULL,
  scope text COLLATE "C",
  name text COLLATE "C",
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, path)
);
`;

export class BadCopies1795305600000 implements MigrationInterface {
  readonly name = 'BadCopies1795305600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE quarantined_replicas; DROP TABLE verifications;
      DROP INDEX dids_lost, bad_replicas_expires_at_idx, bad_replicas_rse_id_created_at_idx,
        bad_replicas_rse_id_created_at_idx1, bad_replicas_created_at_idx;
      ALTER TABLE bad_replicas DROP COLUMN taken_at;`);
  }
}
