-- Approvals as they are listed. The object that holds one has the truth; this follows it, and never goes back.
-- `actions` and `approvals` are JSON arrays: what is held, and who must agree.
CREATE TABLE IF NOT EXISTS approvals (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  session TEXT,
  principal TEXT NOT NULL,
  on_behalf_of TEXT,
  target TEXT NOT NULL,
  status TEXT NOT NULL,
  asked INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  decided_reason TEXT,
  until INTEGER,
  actions TEXT NOT NULL,
  approvals TEXT NOT NULL,
  reason TEXT NOT NULL,
  summary TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS approvals_asked ON approvals (asked, id);
CREATE INDEX IF NOT EXISTS approvals_principal ON approvals (principal, asked, id);
CREATE INDEX IF NOT EXISTS approvals_session ON approvals (session, asked, id) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS approvals_pending ON approvals (asked, id) WHERE status = 'pending';
-- A pool's connections that all ask at once share one request.
CREATE UNIQUE INDEX IF NOT EXISTS approvals_one_request ON approvals (principal, COALESCE(on_behalf_of, ''), target)
  WHERE kind = 'connect' AND status = 'pending';

-- The right to open a target, from an access request that was approved; `id` is the approval's. A row that is written
-- as revoked before it is granted stays revoked. `approved_by` and `approvals` are JSON arrays.
CREATE TABLE IF NOT EXISTS leases (
  id TEXT PRIMARY KEY,
  principal TEXT NOT NULL,
  on_behalf_of TEXT,
  target TEXT NOT NULL,
  granted INTEGER NOT NULL,
  until INTEGER NOT NULL,
  approved_by TEXT NOT NULL,
  approvals TEXT NOT NULL,
  revoked INTEGER,
  revoked_by TEXT,
  revoked_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS leases_holder ON leases (principal, target, until);
CREATE INDEX IF NOT EXISTS leases_granted ON leases (granted, id);

-- The lease on which a session stands; while that is being decided, all that it could stand on, with blanks between.
ALTER TABLE sessions ADD COLUMN lease TEXT;
CREATE INDEX IF NOT EXISTS sessions_lease ON sessions (lease) WHERE ended IS NULL AND lease IS NOT NULL;
