-- Recordings that are being deleted, or are (workers/retention/machine.ts). `entry`: the ledger's entry as it is sent each time;
-- `ledger`: its index. `due`: when the next step is tried. `fault`: somebody must look. `deleted`: when all was done.
CREATE TABLE IF NOT EXISTS deletions (
  session TEXT PRIMARY KEY,
  step TEXT NOT NULL,
  due INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  fault TEXT,
  entry TEXT NOT NULL,
  ledger INTEGER,
  deleted INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deletions_due ON deletions (due) WHERE deleted IS NULL;

-- What is kept whatever rules say: of each row one of session, target and principal. They stay when they are released.
CREATE TABLE IF NOT EXISTS holds (
  id TEXT PRIMARY KEY,
  session TEXT,
  target TEXT,
  principal TEXT,
  reason TEXT NOT NULL,
  added INTEGER NOT NULL,
  added_by TEXT NOT NULL,
  released INTEGER,
  released_by TEXT,
  released_reason TEXT,
  CHECK ((session IS NOT NULL) + (target IS NOT NULL) + (principal IS NOT NULL) = 1)
) STRICT;
CREATE INDEX IF NOT EXISTS holds_added ON holds (added, id);
CREATE INDEX IF NOT EXISTS holds_session ON holds (session) WHERE released IS NULL AND session IS NOT NULL;
CREATE INDEX IF NOT EXISTS holds_target ON holds (target) WHERE released IS NULL AND target IS NOT NULL;
CREATE INDEX IF NOT EXISTS holds_principal ON holds (principal) WHERE released IS NULL AND principal IS NOT NULL;

-- Until when rules keep recordings that they do not keep for ever. A hint: rules are asked again before anything goes.
CREATE TABLE IF NOT EXISTS retention_due (
  session TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS retention_due_until ON retention_due (until);

-- How far the sweep is. `settings`: by which rules, JSON; `place`: the last row of `recordings` that it has looked at; `swept`:
-- when it was here last; `paused`: until when rules delete nothing, as the clock has jumped.
CREATE TABLE IF NOT EXISTS retention_pass (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  settings TEXT NOT NULL,
  place INTEGER NOT NULL,
  swept INTEGER NOT NULL,
  paused INTEGER NOT NULL
) STRICT;

-- Values that were masked in a sealed session, by label: a JSON object. None for a session without such.
CREATE TABLE IF NOT EXISTS session_labels (
  session TEXT PRIMARY KEY,
  labels TEXT NOT NULL
) STRICT, WITHOUT ROWID;
