-- Signatures of Slack's calls, until their time alone refuses them: a call is good once. `until` is ms since 1970.
CREATE TABLE IF NOT EXISTS slack_calls (
  signature TEXT PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS slack_calls_until ON slack_calls (until);
