/** Accounts, identities and login tokens. */
export const accounts = `
CREATE TABLE accounts (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type "char" NOT NULL CHECK (type IN ('U', 'G', 'S')),
  status "char" NOT NULL DEFAULT 'A' CHECK (status IN ('A', 'S', 'D')),
  name text COLLATE "C" NOT NULL UNIQUE,
  email text,
  suspended_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE account_attributes (
  account_id int NOT NULL REFERENCES accounts,
  key text COLLATE "C" NOT NULL,
  value text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, key)
);

CREATE TABLE identities (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type "char" NOT NULL CHECK (type IN ('X', 'G', 'U', 'H', 'M', 'O')),
  identity text COLLATE "C" NOT NULL,
  email text,
  password_hash text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (type, identity)
);

CREATE TABLE account_identities (
  account_id int NOT NULL REFERENCES accounts,
  identity_id int NOT NULL REFERENCES identities,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, identity_id)
);
CREATE INDEX ON account_identities (identity_id);

-- Only the hash of a login token is kept.
CREATE TABLE tokens (
  hash bytea PRIMARY KEY,
  account_id int NOT NULL REFERENCES accounts,
  identity_id int REFERENCES identities,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON tokens (expires_at);
CREATE INDEX ON tokens (account_id);

CREATE TABLE scopes (
  name text COLLATE "C" PRIMARY KEY,
  account_id int NOT NULL REFERENCES accounts,
  status "char" NOT NULL DEFAULT 'O' CHECK (status IN ('O', 'C', 'D')),
  closed_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON scopes (account_id);
`;
