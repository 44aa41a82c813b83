/** What happened, what was set, who is at work. Everything that grows with time is partitioned by it. */
export const records = `
CREATE TABLE contents_history (
  parent_id bigint NOT NULL,
  child_id bigint NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (deleted_at);
CREATE INDEX ON contents_history (parent_id);
CREATE TABLE contents_history_default PARTITION OF contents_history DEFAULT;

CREATE TABLE deleted_dids (
  id bigint NOT NULL,
  type "char" NOT NULL,
  account_id int NOT NULL,
  bytes bigint,
  scope text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  did jsonb NOT NULL,
  meta jsonb,
  deleted_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (deleted_at);
CREATE INDEX ON deleted_dids (scope, name);
CREATE TABLE deleted_dids_default PARTITION OF deleted_dids DEFAULT;

-- The outbox: written in the transaction of the change it tells.
CREATE TABLE messages (
  id bigint GENERATED ALWAYS AS IDENTITY,
  event_type text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
CREATE INDEX ON messages (id);
CREATE TABLE messages_default PARTITION OF messages DEFAULT;

CREATE TABLE traces (
  payload jsonb NOT NULL,
  address text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
CREATE TABLE traces_default PARTITION OF traces DEFAULT;

CREATE TABLE audit (
  account_id int,
  action text NOT NULL,
  subject text NOT NULL,
  change jsonb,
  request_id text,
  created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (created_at);
CREATE INDEX ON audit (subject);
CREATE TABLE audit_default PARTITION OF audit DEFAULT;

CREATE TABLE settings (
  section text COLLATE "C" NOT NULL,
  option text COLLATE "C" NOT NULL,
  value text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (section, option)
);

CREATE TABLE heartbeats (
  executable text NOT NULL,
  hostname text NOT NULL,
  pid int NOT NULL,
  thread_name text NOT NULL,
  payload text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (executable, hostname, pid, thread_name)
);

-- The key pairs that sign storage tokens; the private half encrypted by the key file.
CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  private_key_encrypted bytea NOT NULL,
  public_jwk jsonb NOT NULL,
  active_from timestamptz NOT NULL,
  retired_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
`;
