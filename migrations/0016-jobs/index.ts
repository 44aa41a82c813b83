import { type MigrationInterface, type QueryRunner } from 'typeorm';

const up = `
-- Bulk work by the calendar: at each moment of the cron expression a job is made of kind and spec.
CREATE TABLE job_schedules (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id int NOT NULL REFERENCES accounts,
  last_job_id bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  next_at timestamptz NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  kind text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  comments text,
  -- Why the last moment made no job.
  error text,
  given json NOT NULL,
  spec json NOT NULL
);
CREATE INDEX ON job_schedules (next_at) WHERE enabled;

-- Bulk work with progress. Each slice commits its items, counts and cursor together.
CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  total bigint NOT NULL DEFAULT 0,
  done bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  total_bytes bigint NOT NULL DEFAULT 0,
  done_bytes bigint NOT NULL DEFAULT 0,
  failed_bytes bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- When the next slice is due; between slices other jobs have their turn.
  due_at timestamptz NOT NULL,
  account_id int NOT NULL REFERENCES accounts,
  schedule_id int REFERENCES job_schedules ON DELETE SET NULL,
  state "char" NOT NULL CHECK (state IN ('Q', 'R', 'W', 'D', 'F', 'C')),
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  kind text NOT NULL,
  -- What the next slice does, and where it goes on.
  step text NOT NULL,
  cursor jsonb,
  comments text,
  error text,
  -- As it was ordered, for people, and as it was read, for the daemon.
  given json NOT NULL,
  spec json NOT NULL,
  -- A list of DIDs stands by itself: every slice reads the spec, and takes its part of these.
  listed jsonb
);
CREATE INDEX ON jobs (due_at, id) WHERE state IN ('Q', 'R');
CREATE INDEX ON jobs (account_id);
CREATE INDEX ON jobs (schedule_id) WHERE schedule_id IS NOT NULL;
CREATE INDEX ON jobs (ended_at) WHERE ended_at IS NOT NULL;

-- What a job is about, one row a file, copy, lock or rule; 0 where it is about no rule or no RSE.
CREATE TABLE job_items (
  job_id bigint NOT NULL,
  did_id bigint NOT NULL,
  rule_id bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  rse_id int NOT NULL DEFAULT 0,
  target_rse_id int,
  state "char" NOT NULL CHECK (state IN ('P', 'M', 'D', 'F')),
  error text,
  PRIMARY KEY (job_id, did_id, rse_id, rule_id)
);
CREATE INDEX ON job_items (job_id, rule_id, did_id, rse_id) WHERE state = 'P';
CREATE INDEX ON job_items (job_id, did_id, rse_id, rule_id) WHERE state = 'M';

-- Locks that another is to take the place of: it is let go when the one at the target is OK.
CREATE TABLE lock_moves (
  did_id bigint NOT NULL,
  rule_id bigint NOT NULL,
  since timestamptz NOT NULL,
  rse_id int NOT NULL,
  target_rse_id int NOT NULL,
  -- The copy is to go at once when nothing holds it any more.
  purge boolean NOT NULL,
  cause text NOT NULL,
  PRIMARY KEY (did_id, rse_id, rule_id)
);
CREATE INDEX ON lock_moves (rule_id);
`;

/** Bulk work: jobs, what they are about, their calendar; and locks that move without a gap. */
export class Jobs1796515200000 implements MigrationInterface {
  readonly name = 'Jobs1796515200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lock_moves, job_items, jobs, job_schedules');
  }
}
