import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Standing orders, and what of them could not be served yet. */
const statements = `
CREATE TABLE subscriptions (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id int NOT NULL REFERENCES accounts,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  -- When its lifetime ends, and when it was made INACTIVE.
  expires_at timestamptz,
  ended_at timestamptz,
  last_processed timestamptz NOT NULL DEFAULT now(),
  priority smallint NOT NULL DEFAULT 3,
  state "char" NOT NULL CHECK (state IN ('A', 'I', 'N', 'U', 'B')),
  retroactive boolean NOT NULL DEFAULT false,
  -- Whether the filter names FILE: asked by every registration.
  wants_files boolean NOT NULL DEFAULT false,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  comments text,
  -- As they were given: json keeps the order of keys, which people read.
  filter json NOT NULL,
  replication_rules json NOT NULL,
  UNIQUE (account_id, name)
);
CREATE INDEX ON subscriptions (id) WHERE wants_files;

-- DIDs that a subscription matched and an entry of it (counted from 1) could not serve.
CREATE TABLE subscription_backlog (
  did_id bigint NOT NULL REFERENCES dids ON DELETE CASCADE,
  since timestamptz NOT NULL,
  -- Null: given up.
  due_at timestamptz,
  subscription_id int NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
  entry int NOT NULL,
  attempts int NOT NULL,
  error text NOT NULL,
  PRIMARY KEY (did_id, subscription_id, entry)
);
CREATE INDEX ON subscription_backlog (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ON subscription_backlog (subscription_id);

CREATE INDEX ON rules (subscription_uid) WHERE subscription_uid IS NOT NULL;
`;

export class Subscriptions1795392000000 implements MigrationInterface {
  readonly name = 'Subscriptions1795392000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE subscription_backlog; DROP TABLE subscriptions;
      DROP INDEX rules_subscription_uid_idx;`);
  }
}
