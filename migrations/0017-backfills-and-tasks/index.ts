import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
-- How many tasks a subscription has made: the number of its last one.
ALTER TABLE subscriptions ADD COLUMN task_count int NOT NULL DEFAULT 0;

-- DIDs that were there before a subscription, shown to it in the order of their ids. One at a time.
CREATE TABLE subscription_backfills (
  subscription_id int PRIMARY KEY REFERENCES subscriptions ON DELETE CASCADE,
  per_minute int NOT NULL CHECK (per_minute > 0),
  -- The last DID dealt with, and the last one that there was when it began.
  cursor_id bigint NOT NULL DEFAULT 0,
  until_id bigint NOT NULL,
  seen bigint NOT NULL DEFAULT 0,
  matched bigint NOT NULL DEFAULT 0,
  rules bigint NOT NULL DEFAULT 0,
  tasks bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  ended_at timestamptz,
  state "char" NOT NULL CHECK (state IN ('R', 'P', 'D', 'C')),
  -- Also DIDs whose rules of this subscription have ended.
  again boolean NOT NULL DEFAULT false,
  error text
);
CREATE INDEX ON subscription_backfills (due_at) WHERE state = 'R';

-- Collections are few among files: a walk over them, in the order of their ids, reads nothing else.
-- Said by is_open, which files have none of: what looks up one DID and says that it is no file keeps
-- to the primary key, and is not tempted to read all collections.
CREATE INDEX dids_collections_idx ON dids (id) WHERE is_open IS NOT NULL;

-- Groups of DIDs for a consumer. One that is not full waits and has no number.
CREATE TABLE subscription_tasks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  files bigint NOT NULL,
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- When it becomes a task though it is not full; and when a consumer's hold on it ends.
  flush_at timestamptz,
  lease_until timestamptz,
  subscription_id int NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
  number int,
  dids int NOT NULL,
  attempts int NOT NULL DEFAULT 0,
  state "char" NOT NULL CHECK (state IN ('W', 'N', 'A', 'R', 'D', 'F')),
  -- What its DIDs have in common; empty where they are not grouped by a key, or have none.
  group_key text COLLATE "C" NOT NULL DEFAULT '',
  consumer text,
  external_id text,
  error text,
  UNIQUE (subscription_id, number),
  CHECK (number IS NULL = (state = 'W'))
);
CREATE UNIQUE INDEX ON subscription_tasks (subscription_id, group_key) WHERE state = 'W';
CREATE INDEX ON subscription_tasks (flush_at) WHERE state = 'W' AND flush_at IS NOT NULL;
CREATE INDEX ON subscription_tasks (subscription_id, number) WHERE state = 'N';
CREATE INDEX ON subscription_tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX ON subscription_tasks (updated_at) WHERE state = 'D';

-- Which DIDs a subscription has told of, each once. No foreign keys: files come by the million.
CREATE TABLE subscription_task_dids (
  did_id bigint NOT NULL,
  task_id bigint NOT NULL,
  subscription_id int NOT NULL,
  PRIMARY KEY (subscription_id, did_id)
);
CREATE INDEX ON subscription_task_dids (task_id, did_id);
`;

/** Subscriptions are about older DIDs too, and may tell a consumer instead of making rules. */
export class BackfillsAndTasks1796601600000 implements MigrationInterface {
  readonly name = 'BackfillsAndTasks1796601600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE subscription_task_dids, subscription_tasks, subscription_backfills;
      DROP INDEX dids_collections_idx;
      ALTER TABLE subscriptions DROP COLUMN task_count;`);
  }
}
