import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What was made from what, who follows what, and ways back to what is no more: an erased DID is found
 * by its id, and a collection's former content in the order of detaching.
 */
const statements = `
CREATE TABLE derived (
  child_id bigint NOT NULL,
  parent_id bigint NOT NULL,
  PRIMARY KEY (child_id, parent_id),
  CONSTRAINT derived_from_another CHECK (child_id <> parent_id)
);
CREATE INDEX ON derived (parent_id, child_id);

CREATE TABLE did_follows (
  did_id bigint NOT NULL,
  account_id int NOT NULL REFERENCES accounts,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (did_id, account_id)
);
CREATE INDEX ON did_follows (account_id);

CREATE INDEX ON deleted_dids (id);
CREATE INDEX ON contents_history (parent_id, deleted_at, child_id);
DROP INDEX contents_history_parent_id_idx;
`;

export class Lineage1795824000000 implements MigrationInterface {
  readonly name = 'Lineage1795824000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX ON contents_history (parent_id);
      DROP INDEX contents_history_parent_id_deleted_at_child_id_idx, deleted_dids_id_idx;
      DROP TABLE did_follows, derived;`);
  }
}
