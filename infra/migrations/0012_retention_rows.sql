-- How far the sweep is through approvals and leases, which go by retention rules as well (workers/retention/rows.ts): the last row that
-- it has looked at. It begins anew once it has looked at all.
CREATE TABLE IF NOT EXISTS retention_rows (
  name TEXT PRIMARY KEY,
  time INTEGER NOT NULL,
  id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
