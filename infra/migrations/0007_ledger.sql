-- What is to be appended to the ledger, in order. Triggers write it, in the transaction of the fact itself: a fact without
-- its row can't come about. The ledger's object takes rows and deletes them. `row`: JSON of what happened; texts that may be
-- long are left out and read when the row is taken. `nonce`: 16 random bytes, hex. `fault`: why it can't be appended; it
-- stays, and somebody must look.
CREATE TABLE IF NOT EXISTS ledger_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  time INTEGER NOT NULL,
  nonce TEXT NOT NULL,
  row TEXT NOT NULL,
  fault TEXT
) STRICT;

-- Every key that this edge ever signed with; `x` is the public key, base64url (RFC 8037). `since`: when the ledger's object
-- met it first.
CREATE TABLE IF NOT EXISTS edge_keys (
  thumbprint TEXT PRIMARY KEY,
  x TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 1: the session was registered, and its end written, but its object never opened it. Who writes the end says so: the
-- object itself, or the Worker that refused it. There is no recording of such a session.
ALTER TABLE sessions ADD COLUMN never_opened INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER IF NOT EXISTS ledger_session_started AFTER INSERT ON sessions
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'session_started', 'session_started/' || NEW.id, NEW.opened, lower(hex(randomblob(16))),
    json_object('session', NEW.id, 'target', NEW.target, 'kind', NEW.kind, 'principal', NEW.principal,
      'onBehalfOf', NEW.on_behalf_of, 'connector', NEW.connector, 'address', NEW.address, 'until', NEW.until));
END;

CREATE TRIGGER IF NOT EXISTS ledger_session_void AFTER UPDATE OF ended ON sessions
WHEN OLD.ended IS NULL AND NEW.ended IS NOT NULL AND NEW.never_opened = 1
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'session_void', 'session_void/' || NEW.id, NEW.ended, lower(hex(randomblob(16))),
    json_object('session', NEW.id, 'target', NEW.target, 'principal', NEW.principal, 'endCode', NEW.end_code,
      'reason', NEW.end_reason));
END;

CREATE TRIGGER IF NOT EXISTS ledger_approval_asked AFTER INSERT ON approvals
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'approval', 'approval/' || NEW.id || '/' || NEW.status, COALESCE(NEW.decided_at, NEW.asked),
    lower(hex(randomblob(16))),
    json_object('approval', NEW.id, 'approvalKind', NEW.kind, 'session', NEW.session, 'principal', NEW.principal,
      'onBehalfOf', NEW.on_behalf_of, 'target', NEW.target, 'status', NEW.status, 'by', NEW.decided_by,
      'reason', NEW.decided_reason, 'until', NEW.until));
END;

CREATE TRIGGER IF NOT EXISTS ledger_approval_status AFTER UPDATE OF status ON approvals
WHEN OLD.status <> NEW.status
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'approval', 'approval/' || NEW.id || '/' || NEW.status, COALESCE(NEW.decided_at, NEW.asked),
    lower(hex(randomblob(16))),
    json_object('approval', NEW.id, 'approvalKind', NEW.kind, 'session', NEW.session, 'principal', NEW.principal,
      'onBehalfOf', NEW.on_behalf_of, 'target', NEW.target, 'status', NEW.status, 'by', NEW.decided_by,
      'reason', NEW.decided_reason, 'until', NEW.until));
END;

CREATE TRIGGER IF NOT EXISTS ledger_policy AFTER INSERT ON policy_sets
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'policy', 'policy/' || NEW.revision, NEW.time, lower(hex(randomblob(16))),
    json_object('revision', NEW.revision, 'version', NEW.version, 'principal', NEW.principal));
END;

CREATE TRIGGER IF NOT EXISTS ledger_change AFTER INSERT ON changes
BEGIN
  INSERT INTO ledger_outbox (type, key, time, nonce, row) VALUES (
    'change', 'change/' || NEW.id, NEW.time, lower(hex(randomblob(16))),
    json_object('change', NEW.id, 'principal', NEW.principal, 'action', NEW.action, 'subject', NEW.subject));
END;

-- What an older database holds is taken in once. Of its sessions those never opened which were refused as they were
-- registered, or which nobody opened after that.
UPDATE sessions SET never_opened = 1
  WHERE ended = opened OR end_reason IN ('the session was registered but never opened', 'the session was ended before it opened');
INSERT INTO ledger_outbox (type, key, time, nonce, row)
SELECT type, key, time, lower(hex(randomblob(16))), row FROM (
  SELECT 'change' AS type, 'change/' || id AS key, time,
    json_object('change', id, 'principal', principal, 'action', action, 'subject', subject) AS row FROM changes
  UNION ALL
  SELECT 'policy', 'policy/' || revision, time,
    json_object('revision', revision, 'version', version, 'principal', principal) FROM policy_sets
  UNION ALL
  SELECT 'session_started', 'session_started/' || id, opened,
    json_object('session', id, 'target', target, 'kind', kind, 'principal', principal, 'onBehalfOf', on_behalf_of,
      'connector', connector, 'address', address, 'until', until) FROM sessions
  UNION ALL
  SELECT 'session_void', 'session_void/' || id, ended,
    json_object('session', id, 'target', target, 'principal', principal, 'endCode', end_code, 'reason', end_reason)
    FROM sessions WHERE never_opened = 1 AND ended IS NOT NULL
  UNION ALL
  SELECT 'approval', 'approval/' || id || '/' || status, COALESCE(decided_at, asked),
    json_object('approval', id, 'approvalKind', kind, 'session', session, 'principal', principal,
      'onBehalfOf', on_behalf_of, 'target', target, 'status', status, 'by', decided_by, 'reason', decided_reason,
      'until', until) FROM approvals
) ORDER BY time, key;
