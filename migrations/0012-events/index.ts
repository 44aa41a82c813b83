import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
-- Which transaction told it: ids are given before commits, so who reads in the order of ids alone
-- passes over what commits later. A position is (xact, id), below the oldest transaction still open.
ALTER TABLE messages ADD COLUMN xact bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint);
-- As text: written by the million and read once, nothing looks into it.
ALTER TABLE messages ALTER COLUMN payload TYPE json;
DROP INDEX messages_id_idx;
CREATE INDEX ON messages (xact, id);

-- How far each sink has been told, who tells it now, and why that fails.
CREATE TABLE message_sinks (
  sink text COLLATE "C" PRIMARY KEY,
  xact bigint NOT NULL DEFAULT 0,
  id bigint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT '-infinity',
  updated_at timestamptz NOT NULL DEFAULT now(),
  attempts int NOT NULL DEFAULT 0,
  token uuid,
  error text
);

-- What traces say was read, until a daemon has written it down. Nobody has checked the names.
CREATE TABLE accesses (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  accessed_at timestamptz NOT NULL,
  scope text,
  name text,
  rse text,
  dataset_scope text,
  dataset_name text
);

-- Wishes that a DID outlives its end of life. One request may be about several DIDs: the uid is its.
CREATE TABLE lifetime_exceptions (
  uid uuid NOT NULL DEFAULT gen_random_uuid(),
  did_id bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  account_id int NOT NULL REFERENCES accounts,
  state "char" NOT NULL CHECK (state IN ('A', 'R', 'W')),
  pattern text,
  comments text,
  PRIMARY KEY (uid, did_id)
);
CREATE INDEX ON lifetime_exceptions (did_id);
CREATE INDEX ON rules (eol_at) WHERE eol_at IS NOT NULL;
`;

/** Events have readers, accesses a daemon, and DIDs may be asked to outlive their end. */
export class Events1796169600000 implements MigrationInterface {
  readonly name = 'Events1796169600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX rules_eol_at_idx;
      DROP TABLE lifetime_exceptions, accesses, message_sinks;
      DROP INDEX messages_xact_id_idx;
      CREATE INDEX ON messages (id);
      ALTER TABLE messages ALTER COLUMN payload TYPE jsonb;
      ALTER TABLE messages DROP COLUMN xact;`);
  }
}
