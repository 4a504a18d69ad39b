-- Policy sets: the greatest revision is in force, the others are history. `version` is the text's SHA-256; the same
-- text may come again under another revision.
CREATE TABLE IF NOT EXISTS policy_sets (
  revision INTEGER PRIMARY KEY,
  version TEXT NOT NULL,
  text TEXT NOT NULL,
  time INTEGER NOT NULL,
  principal TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS policy_sets_version ON policy_sets (version);
