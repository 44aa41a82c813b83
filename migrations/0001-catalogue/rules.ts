/** What should be true. */
export const rules = `
CREATE TABLE rules (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  did_id bigint NOT NULL REFERENCES dids,
  child_rule_id bigint REFERENCES rules ON DELETE SET NULL,
  locks_ok bigint NOT NULL DEFAULT 0 CHECK (locks_ok >= 0),
  locks_replicating bigint NOT NULL DEFAULT 0 CHECK (locks_replicating >= 0),
  locks_stuck bigint NOT NULL DEFAULT 0 CHECK (locks_stuck >= 0),
  -- Where a sliced injection goes on: the dataset being placed and the last file placed of it.
  cursor_dataset bigint,
  cursor_child bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  eol_at timestamptz,
  stuck_at timestamptz,
  -- delay_injection, and the repairer's next look at a stuck rule.
  inject_at timestamptz,
  repair_at timestamptz,
  account_id int NOT NULL REFERENCES accounts,
  copies int NOT NULL CHECK (copies > 0),
  repair_attempts int NOT NULL DEFAULT 0,
  activity smallint NOT NULL DEFAULT 0,
  priority smallint NOT NULL DEFAULT 3,
  state "char" NOT NULL CHECK (state IN ('R', 'O', 'S', 'U', 'W', 'I')),
  did_grouping "char" NOT NULL CHECK (did_grouping IN ('A', 'D', 'N')),
  notification "char" NOT NULL DEFAULT 'N' CHECK (notification IN ('Y', 'N', 'C', 'P')),
  locked boolean NOT NULL DEFAULT false,
  purge_replicas boolean NOT NULL DEFAULT false,
  ignore_availability boolean NOT NULL DEFAULT false,
  ignore_account_limit boolean NOT NULL DEFAULT false,
  split_container boolean NOT NULL DEFAULT false,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  subscription_uid uuid,
  rse_expression text NOT NULL,
  source_replica_expression text,
  weight text,
  error text,
  comments text,
  meta text,
  -- What was decided: {"rses": [id, …]} for ALL, {"datasets": {"id": [id, …]}} for DATASET.
  placement jsonb,
  UNIQUE (did_id, account_id, rse_expression, copies)
);
CREATE INDEX ON rules (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX ON rules (repair_at) WHERE state = 'S';
CREATE INDEX ON rules (id) WHERE state = 'I';
CREATE INDEX ON rules (account_id);
CREATE INDEX ON rules (child_rule_id) WHERE child_rule_id IS NOT NULL;

CREATE TABLE rules_history (
  LIKE rules INCLUDING DEFAULTS,
  scope text NOT NULL,
  name text NOT NULL,
  did_type "char" NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (deleted_at);
CREATE INDEX ON rules_history (scope, name);
CREATE INDEX ON rules_history (uid);
CREATE TABLE rules_history_default PARTITION OF rules_history DEFAULT;
`;
