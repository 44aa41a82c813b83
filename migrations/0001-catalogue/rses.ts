/** Storage elements, and what accounts may put there. */
export const rses = `
CREATE TABLE rses (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type "char" NOT NULL DEFAULT 'D' CHECK (type IN ('D', 'T')),
  deterministic boolean NOT NULL DEFAULT true,
  volatile boolean NOT NULL DEFAULT false,
  staging_area boolean NOT NULL DEFAULT false,
  availability_read boolean NOT NULL DEFAULT true,
  availability_write boolean NOT NULL DEFAULT true,
  availability_delete boolean NOT NULL DEFAULT true,
  -- Placement by weighted rendezvous hashing: random, so that names and order of creation do not matter.
  seed bigint NOT NULL DEFAULT ('x' || substr(md5(gen_random_uuid()::text), 1, 16))::bit(64)::bigint,
  longitude double precision,
  latitude double precision,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  name text COLLATE "C" NOT NULL UNIQUE,
  city text,
  region_code text,
  country_name text,
  continent text,
  time_zone text,
  isp text,
  asn text,
  qos_class text,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rse_attributes (
  rse_id int NOT NULL REFERENCES rses,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, key)
);
CREATE INDEX ON rse_attributes (key, value);

CREATE TABLE rse_protocols (
  rse_id int NOT NULL REFERENCES rses,
  scheme text COLLATE "C" NOT NULL,
  hostname text COLLATE "C" NOT NULL,
  port int NOT NULL DEFAULT 0,
  prefix text NOT NULL,
  impl text NOT NULL,
  -- {"lan": {"read": 1, …}, "wan": {…}}: 1 is the first choice, null is not supported.
  domains jsonb NOT NULL,
  extended_attributes jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, scheme, hostname, port)
);

CREATE TABLE rse_limits (
  rse_id int NOT NULL REFERENCES rses,
  name text COLLATE "C" NOT NULL,
  value bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, name)
);

CREATE TABLE distances (
  source_id int NOT NULL REFERENCES rses,
  destination_id int NOT NULL REFERENCES rses,
  distance int NOT NULL CHECK (distance >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, destination_id)
);

-- What a storage element holds: source 'rucio' is folded from the deltas, others are told to us.
CREATE TABLE rse_usage (
  rse_id int NOT NULL REFERENCES rses,
  source text COLLATE "C" NOT NULL,
  used bigint NOT NULL DEFAULT 0,
  free bigint,
  files bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, source)
);
CREATE TABLE rse_usage_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bytes bigint NOT NULL,
  files bigint NOT NULL,
  rse_id int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON rse_usage_deltas (rse_id);

CREATE TABLE account_limits (
  account_id int NOT NULL REFERENCES accounts,
  rse_id int NOT NULL REFERENCES rses,
  -- -1 is unlimited.
  bytes bigint NOT NULL CHECK (bytes >= -1),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, rse_id)
);
CREATE TABLE global_account_limits (
  account_id int NOT NULL REFERENCES accounts,
  rse_expression text NOT NULL,
  bytes bigint NOT NULL CHECK (bytes >= -1),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, rse_expression)
);
CREATE TABLE account_usage (
  account_id int NOT NULL REFERENCES accounts,
  rse_id int NOT NULL REFERENCES rses,
  bytes bigint NOT NULL DEFAULT 0,
  files bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, rse_id)
);
CREATE TABLE account_usage_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bytes bigint NOT NULL,
  files bigint NOT NULL,
  account_id int NOT NULL,
  rse_id int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON account_usage_deltas (account_id, rse_id);

-- What usage was: one row whenever it had changed by the time somebody looked.
CREATE TABLE rse_usage_history (
  rse_id int NOT NULL,
  source text COLLATE "C" NOT NULL,
  used bigint NOT NULL,
  free bigint,
  files bigint,
  updated_at timestamptz NOT NULL
) PARTITION BY RANGE (updated_at);
CREATE INDEX ON rse_usage_history (rse_id, source, updated_at);
CREATE TABLE rse_usage_history_default PARTITION OF rse_usage_history DEFAULT;
CREATE TABLE account_usage_history (
  account_id int NOT NULL,
  rse_id int NOT NULL,
  bytes bigint NOT NULL,
  files bigint NOT NULL,
  updated_at timestamptz NOT NULL
) PARTITION BY RANGE (updated_at);
CREATE INDEX ON account_usage_history (account_id, rse_id, updated_at);
CREATE TABLE account_usage_history_default PARTITION OF account_usage_history DEFAULT;
`;
