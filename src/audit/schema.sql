-- The audit log (docs/formats/audit.md). Rows are appended and never deleted; text may become NULL, nothing else changes.
CREATE TABLE session_events(
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id   TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  ts_ms        INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  trust        TEXT NOT NULL,
  payload      TEXT,
  payload_hash BLOB NOT NULL,
  content      TEXT,
  salt         BLOB,
  content_hash BLOB,
  prev_hash    BLOB NOT NULL,
  hash         BLOB NOT NULL,
  UNIQUE(session_id, seq)
) STRICT;

-- Finds heads, checkpoints and keys without reading the rows between them. Written with OR: for a list of more than two,
-- SQLite builds a table anew in every INSERT, which is a fifth of its time.
CREATE INDEX session_events_signed ON session_events(kind, id)
  WHERE kind = 'chain_head' OR kind = 'checkpoint' OR kind = 'key_continuity' OR kind = 'stopped';

-- Indexes over conversation_seen and person_seen rows; verification rebuilds and compares them.
CREATE TABLE conversations(
  conversation TEXT PRIMARY KEY,
  instance     TEXT NOT NULL,
  platform_id  TEXT,
  row_id       INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_platform ON conversations(instance, platform_id, row_id);

CREATE TABLE persons(
  person      TEXT PRIMARY KEY,
  instance    TEXT NOT NULL,
  platform_id TEXT,
  row_id      INTEGER NOT NULL
) STRICT;
CREATE INDEX persons_by_platform ON persons(instance, platform_id, row_id);

CREATE TRIGGER session_events_no_delete BEFORE DELETE ON session_events
BEGIN
  SELECT RAISE(ABORT, 'rows of the audit log are never deleted');
END;

CREATE TRIGGER session_events_no_update BEFORE UPDATE ON session_events
WHEN NEW.id IS NOT OLD.id
  OR NEW.session_id IS NOT OLD.session_id
  OR NEW.seq IS NOT OLD.seq
  OR NEW.ts_ms IS NOT OLD.ts_ms
  OR NEW.kind IS NOT OLD.kind
  OR NEW.trust IS NOT OLD.trust
  OR NEW.payload_hash IS NOT OLD.payload_hash
  OR NEW.content_hash IS NOT OLD.content_hash
  OR NEW.prev_hash IS NOT OLD.prev_hash
  OR NEW.hash IS NOT OLD.hash
  OR (NEW.payload IS NOT OLD.payload AND NEW.payload IS NOT NULL)
  OR (NEW.content IS NOT OLD.content AND NEW.content IS NOT NULL)
  OR (NEW.salt IS NOT OLD.salt AND NEW.salt IS NOT NULL)
BEGIN
  SELECT RAISE(ABORT, 'rows of the audit log are never changed');
END;

CREATE TRIGGER session_events_no_replace BEFORE INSERT ON session_events
WHEN EXISTS (SELECT 1 FROM session_events WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM session_events WHERE session_id = NEW.session_id AND seq = NEW.seq)
BEGIN
  SELECT RAISE(ABORT, 'rows of the audit log are never replaced');
END;
