-- Which session requests to a target at the edge's own address share: SHA-256 (hex) of who sends them, by which
-- credential, from where, to which target, under which policies. Null for tunnels, and once the session is over.
ALTER TABLE sessions ADD COLUMN exchange_key TEXT;
CREATE INDEX IF NOT EXISTS sessions_exchange ON sessions (exchange_key, opened) WHERE ended IS NULL AND exchange_key IS NOT NULL;
