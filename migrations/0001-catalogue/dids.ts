/** Files, datasets and containers, with their metadata. Columns by size: eight bytes first. */
export const dids = `
CREATE TABLE dids (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bytes bigint CHECK (bytes >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expired_at timestamptz,
  accessed_at timestamptz,
  closed_at timestamptz,
  eol_at timestamptz,
  events bigint,
  run_number bigint,
  task_id bigint,
  panda_id bigint,
  access_cnt bigint,
  lumiblocknr int,
  account_id int NOT NULL REFERENCES accounts,
  -- The unsigned checksum as two's complement.
  adler32 int,
  type "char" NOT NULL CHECK (type IN ('F', 'D', 'C')),
  availability "char" NOT NULL DEFAULT 'A' CHECK (availability IN ('A', 'L', 'D')),
  is_open boolean CHECK (is_open IS NULL = (type = 'F')),
  monotonic boolean NOT NULL DEFAULT false,
  hidden boolean NOT NULL DEFAULT false,
  obsolete boolean NOT NULL DEFAULT false,
  suppressed boolean NOT NULL DEFAULT false,
  is_new boolean,
  complete boolean,
  purge_replicas boolean NOT NULL DEFAULT true,
  transient boolean NOT NULL DEFAULT false,
  is_archive boolean,
  constituent boolean,
  md5 uuid,
  guid uuid,
  -- The pattern is what lets SQL write a name into JSON unescaped. The length stands beside it: a
  -- bounded repetition inside costs 60 µs a row, this 2 (measured).
  scope text COLLATE "C" NOT NULL REFERENCES scopes CHECK (scope ~ '^[a-zA-Z_.0-9-]+$' AND length(scope) <= 25),
  name text COLLATE "C" NOT NULL CHECK (name ~ '^[/A-Za-z0-9][/A-Za-z0-9._-]*$' AND length(name) <= 250),
  project text,
  datatype text,
  stream_name text,
  prod_step text,
  version text,
  campaign text,
  provenance text,
  phys_group text,
  UNIQUE (scope, name)
);
CREATE INDEX ON dids (expired_at) WHERE expired_at IS NOT NULL;
CREATE INDEX ON dids (run_number) WHERE run_number IS NOT NULL;
CREATE INDEX ON dids (datatype) WHERE datatype IS NOT NULL;
CREATE INDEX ON dids (guid) WHERE guid IS NOT NULL;
CREATE INDEX ON dids (id) WHERE is_new;

CREATE TABLE did_meta (
  did_id bigint PRIMARY KEY,
  meta jsonb NOT NULL CHECK (jsonb_typeof(meta) = 'object')
);
-- A large pending list: an insert pays a fifth of what it would without (measured).
CREATE INDEX did_meta_meta_idx ON did_meta USING gin (meta jsonb_path_ops)
  WITH (fastupdate = on, gin_pending_list_limit = 65536);

-- The type-safe cast behind indexes on declared numeric keys.
CREATE FUNCTION meta_num(j jsonb, k text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN jsonb_typeof(j -> k) = 'number' THEN (j ->> k)::float8 END $$;

CREATE TABLE contents (
  parent_id bigint NOT NULL,
  child_id bigint NOT NULL,
  PRIMARY KEY (parent_id, child_id)
);
CREATE INDEX ON contents (child_id);

-- Length and bytes of datasets: a folded row plus open deltas, always read as their sum.
CREATE TABLE collections (
  did_id bigint PRIMARY KEY,
  length bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0
);
CREATE TABLE collection_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  did_id bigint NOT NULL,
  length bigint NOT NULL,
  bytes bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON collection_deltas (did_id);

-- Collections whose content changed and whose rules have not been told yet. The bounds say which
-- children to look at, so that a small attach to a large dataset stays small.
CREATE TABLE updated_dids (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  did_id bigint NOT NULL,
  child_from bigint NOT NULL,
  child_to bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  action "char" NOT NULL CHECK (action IN ('A', 'D'))
);
CREATE INDEX ON updated_dids (did_id);

CREATE TABLE meta_keys (
  key text COLLATE "C" PRIMARY KEY,
  key_type "char" NOT NULL CHECK (key_type IN ('A', 'L', 'C', 'D', 'F', 'V')),
  value_type text,
  value_regexp text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE meta_values (
  key text COLLATE "C" NOT NULL REFERENCES meta_keys,
  value text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (key, value)
);
`;
