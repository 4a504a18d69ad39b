-- The key that a connector's SSH targets show to agents, as it told last: "ssh-ed25519 AAAA…".
ALTER TABLE connectors ADD COLUMN host_key TEXT;

-- Who watches, or has watched, a session that may be open: a revocation finds their sockets by it. An absent user or
-- token is ''. Rows of sessions that have ended go when another is written.
CREATE TABLE IF NOT EXISTS watches (
  session TEXT NOT NULL,
  principal TEXT NOT NULL,
  on_behalf_of TEXT NOT NULL,
  token TEXT NOT NULL,
  PRIMARY KEY (session, principal, on_behalf_of, token)
) STRICT, WITHOUT ROWID;
