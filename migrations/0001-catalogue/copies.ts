/** Where files are, what holds them there, and what is wanted. No foreign keys: 7 to 30 µs a row each. */
export const copies = `
-- Eight columns at most: a ninth makes the row header eight bytes longer. No index may name a column
-- that changes, tombstone apart: it would end heap-only updates for all of them.
CREATE TABLE replicas (
  did_id bigint NOT NULL,
  bytes bigint NOT NULL,
  tombstone timestamptz,
  accessed_at timestamptz,
  -- When we last saw size and checksum right at the storage; null is a client's assertion.
  verified_at timestamptz,
  rse_id int NOT NULL,
  lock_cnt int NOT NULL DEFAULT 0 CHECK (lock_cnt >= 0),
  state "char" NOT NULL CHECK (state IN ('A', 'U', 'C', 'B', 'D', 'T')),
  PRIMARY KEY (did_id, rse_id),
  CONSTRAINT replicas_locked_has_no_tombstone CHECK (lock_cnt = 0 OR tombstone IS NULL)
) WITH (fillfactor = 90);
CREATE INDEX ON replicas (rse_id, tombstone) WHERE tombstone IS NOT NULL;
CREATE INDEX ON replicas (rse_id, did_id);

CREATE TABLE replica_paths (
  did_id bigint NOT NULL,
  rse_id int NOT NULL,
  path text COLLATE "C" NOT NULL,
  PRIMARY KEY (did_id, rse_id),
  UNIQUE (rse_id, path)
);

-- Copies whose protection ended by side effect: they may not be the last to go.
CREATE TABLE guarded_copies (
  did_id bigint NOT NULL,
  rse_id int NOT NULL,
  cause text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (did_id, rse_id)
);

-- Who was given a URL to write a file, until when; and whether what an earlier upload left there is
-- being removed: then no upload may end.
CREATE TABLE upload_grants (
  rse_id int NOT NULL,
  path text COLLATE "C" NOT NULL,
  account_id int NOT NULL,
  expires_at timestamptz NOT NULL,
  removing_until timestamptz,
  removals int NOT NULL DEFAULT 0,
  PRIMARY KEY (rse_id, path)
);
CREATE INDEX ON upload_grants (expires_at);

CREATE TABLE bad_replicas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  did_id bigint NOT NULL,
  rse_id int NOT NULL,
  account_id int,
  state "char" NOT NULL CHECK (state IN ('B', 'D', 'L', 'R', 'S', 'T')),
  reason text,
  cause text,
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON bad_replicas (did_id, rse_id);
CREATE INDEX ON bad_replicas (id) WHERE state = 'B';

CREATE TABLE locks (
  did_id bigint NOT NULL,
  rule_id bigint NOT NULL,
  bytes bigint NOT NULL,
  rse_id int NOT NULL,
  state "char" NOT NULL CHECK (state IN ('R', 'O', 'S')),
  PRIMARY KEY (did_id, rse_id, rule_id)
) WITH (fillfactor = 90);
CREATE INDEX ON locks (rule_id);

CREATE TABLE stuck_locks (
  did_id bigint NOT NULL,
  rule_id bigint NOT NULL,
  rse_id int NOT NULL,
  source_rse_id int,
  attempts int NOT NULL DEFAULT 0,
  cause text NOT NULL,
  error text,
  expected text,
  found text,
  since timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  next_try_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (did_id, rse_id, rule_id)
);
CREATE INDEX ON stuck_locks (rule_id);

-- Wanted transfers: this table is the queue.
CREATE TABLE requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  did_id bigint NOT NULL,
  rule_id bigint,
  bytes bigint NOT NULL,
  bytes_moved bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz,
  claimed_until timestamptz,
  submitted_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  rse_id int NOT NULL,
  source_rse_id int,
  account_id int NOT NULL,
  activity smallint NOT NULL DEFAULT 0,
  priority smallint NOT NULL DEFAULT 3,
  attempt smallint NOT NULL DEFAULT 0,
  type "char" NOT NULL DEFAULT 'T' CHECK (type IN ('T', 'U', 'D', 'I', 'O')),
  state "char" NOT NULL DEFAULT 'Q'
    CHECK (state IN ('Q', 'G', 'S', 'F', 'D', 'L', 'N', 'O', 'A', 'M', 'U', 'W', 'P')),
  -- Set where we ourselves found the destination's bytes bad: only then may they be replaced.
  overwrite boolean NOT NULL DEFAULT false,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  claimed_by text,
  tool text,
  external_id text,
  cause text,
  error text,
  expected text,
  found text,
  UNIQUE (did_id, rse_id)
);
CREATE INDEX ON requests (rse_id, activity, priority DESC, id) WHERE state = 'Q';
CREATE INDEX ON requests (id) WHERE state = 'D';
CREATE INDEX ON requests (id) WHERE state IN ('F', 'N', 'O', 'A', 'M', 'L');
CREATE INDEX ON requests (due_at) WHERE state = 'W';
CREATE INDEX ON requests (claimed_until) WHERE state IN ('G', 'S');

CREATE TABLE requests_history (
  LIKE requests INCLUDING DEFAULTS,
  archived_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (archived_at);
CREATE INDEX ON requests_history (did_id, rse_id);
CREATE INDEX ON requests_history (rse_id, archived_at);
CREATE TABLE requests_history_default PARTITION OF requests_history DEFAULT;
`;
