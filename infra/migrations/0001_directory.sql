-- The edge's directory. Idempotent: Wrangler applies it on Cloudflare, a self-hosted edge at every start.
-- Times are milliseconds since 1970. Hashes are lower-case hex. Nothing here can be turned back into a token.

CREATE TABLE IF NOT EXISTS principals (
  name TEXT PRIMARY KEY,
  first_seen INTEGER NOT NULL,
  disabled INTEGER,
  disabled_by TEXT
) STRICT, WITHOUT ROWID;

-- A name stays taken after its token was revoked, so that the change log is never ambiguous.
CREATE TABLE IF NOT EXISTS tokens (
  name TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  principal TEXT NOT NULL,
  administrator INTEGER NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires INTEGER NOT NULL,
  revoked INTEGER,
  last_used INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS connectors (
  name TEXT PRIMARY KEY,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every key that a connector ever had: old recordings are verified with old keys. One at most is not revoked.
CREATE TABLE IF NOT EXISTS connector_keys (
  thumbprint TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  jwk TEXT NOT NULL,
  enrolled INTEGER NOT NULL,
  revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS connector_keys_active ON connector_keys (connector) WHERE revoked IS NULL;

-- `claim` is written by the one request that used the token.
CREATE TABLE IF NOT EXISTS enrolments (
  hash TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER,
  claim TEXT
) STRICT, WITHOUT ROWID;

-- `allow` is a JSON array of patterns.
CREATE TABLE IF NOT EXISTS targets (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  connector TEXT NOT NULL,
  description TEXT NOT NULL,
  allow TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `issuers`, `administrators`, `limits`: one JSON value each.
CREATE TABLE IF NOT EXISTS settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `token` (a name) or `issuer` (a URL) is the credential that opened the session; neither for the bootstrap token.
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  principal TEXT NOT NULL,
  on_behalf_of TEXT,
  groups TEXT NOT NULL,
  token TEXT,
  issuer TEXT,
  connector TEXT NOT NULL,
  instance TEXT NOT NULL,
  address TEXT NOT NULL,
  opened INTEGER NOT NULL,
  until INTEGER NOT NULL,
  ended INTEGER,
  end_code TEXT,
  end_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_opened ON sessions (opened, id);
CREATE INDEX IF NOT EXISTS sessions_principal ON sessions (principal, opened, id);
CREATE INDEX IF NOT EXISTS sessions_open ON sessions (opened, id) WHERE ended IS NULL;

-- Numbered without a gap, never changed. `apply` names the number it expects: two at once can't both succeed.
CREATE TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  principal TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
) STRICT;
