-- Where a session's recording is. `sealed`: since when it lies in object storage, by `recordings`. `agreement`: whether edge and
-- connector say the same of it: `agreed`, `differs`, `absent`. `seal_fault`: why it can't be sealed as it is; somebody must
-- look.
ALTER TABLE sessions ADD COLUMN sealed INTEGER;
ALTER TABLE sessions ADD COLUMN agreement TEXT;
ALTER TABLE sessions ADD COLUMN seal_fault TEXT;
CREATE INDEX IF NOT EXISTS sessions_unsealed ON sessions (ended, id)
  WHERE ended IS NOT NULL AND sealed IS NULL AND never_opened = 0;

-- Sealed recordings. `parts`: a JSON array of the objects, as protocol/recording/sealed.ts has them; `archive`: SHA-256 (hex)
-- over the SHA-256 of each; `bytes`: of all of them. `edge_seal` and `connector_seal`: JSON, as in the recording's trailer.
CREATE TABLE IF NOT EXISTS recordings (
  session TEXT PRIMARY KEY,
  sealed INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  archive TEXT NOT NULL,
  encrypted INTEGER NOT NULL,
  parts TEXT NOT NULL,
  edge_seal TEXT NOT NULL,
  connector_seal TEXT
) STRICT;
