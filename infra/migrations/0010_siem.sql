-- How far the delivery of events to a SIEM is. The objects that deliver have the truth, and report it here; a row is an
-- object with something to deliver, or one that has delivered lately. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS siem_lanes (
  object TEXT NOT NULL,
  -- session or ledger: which kind of object.
  kind TEXT NOT NULL,
  -- http or r2.
  destination TEXT NOT NULL,
  -- Sessions of which something waits, and since when the oldest does; null where nothing waits.
  sources INTEGER NOT NULL,
  oldest INTEGER,
  delivered INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  last_delivered INTEGER,
  attempts INTEGER NOT NULL,
  error TEXT,
  reported INTEGER NOT NULL,
  PRIMARY KEY (object, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS siem_lanes_waiting ON siem_lanes (reported) WHERE sources > 0;

-- What objects that have nothing left delivered in their time.
CREATE TABLE IF NOT EXISTS siem_totals (
  destination TEXT PRIMARY KEY,
  delivered INTEGER NOT NULL,
  quarantined INTEGER NOT NULL,
  last_delivered INTEGER
) STRICT, WITHOUT ROWID;

-- Events that a destination refused for good, each alone: what they were about stands in the recording or the ledger.
CREATE TABLE IF NOT EXISTS siem_quarantine (
  destination TEXT NOT NULL,
  uid TEXT NOT NULL,
  time INTEGER NOT NULL,
  class INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (destination, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS siem_quarantine_time ON siem_quarantine (time);
