-- What agents asked for in sealed sessions, for search (workers/search). One row for each different kind, verdict and text
-- of a session in an hour, with the first and the last time and how often. `id` is 4,096 times the ms of the first since
-- 2020-09-13 and a tie, so that rows lie in the order of time, and so do their texts' postings. Blanks in `text` are single.
CREATE TABLE IF NOT EXISTS activities (
  id INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  seq INTEGER NOT NULL,
  item INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  kind TEXT NOT NULL,
  verdict TEXT NOT NULL,
  principal TEXT NOT NULL,
  on_behalf_of TEXT,
  target TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
-- Each has the row's id behind it: rows of one principal are read newest first.
CREATE INDEX IF NOT EXISTS activities_principal ON activities (principal);
CREATE INDEX IF NOT EXISTS activities_user ON activities (on_behalf_of) WHERE on_behalf_of IS NOT NULL;
CREATE INDEX IF NOT EXISTS activities_target ON activities (target);
CREATE INDEX IF NOT EXISTS activities_verdict ON activities (verdict) WHERE verdict <> 'allow';

-- Which rows have three characters in a row: parts of names and paths are found, wherever they stand. Positions are not kept;
-- who searches looks at the texts that have all of a word's. What is deleted leaves no trace.
CREATE VIRTUAL TABLE IF NOT EXISTS activity_texts USING fts5(
  text, content = 'activities', content_rowid = 'id', columnsize = 0, detail = none, tokenize = 'trigram'
);
INSERT INTO activity_texts (activity_texts, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER IF NOT EXISTS activities_inserted AFTER INSERT ON activities
BEGIN
  INSERT INTO activity_texts (rowid, text) VALUES (NEW.id, NEW.text);
END;

CREATE TRIGGER IF NOT EXISTS activities_deleted AFTER DELETE ON activities
BEGIN
  INSERT INTO activity_texts (activity_texts, rowid, text) VALUES ('delete', OLD.id, OLD.text);
END;

-- What sealed sessions did, counted; `masked`: values. `indexed`: `whole`, or `partial` where there was more than is kept for
-- search. `ids`: a JSON array of the session's rows of `activities`.
CREATE TABLE IF NOT EXISTS session_tallies (
  session TEXT PRIMARY KEY,
  allowed INTEGER NOT NULL,
  approved INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  held INTEGER NOT NULL,
  masked INTEGER NOT NULL,
  indexed TEXT NOT NULL,
  ids TEXT NOT NULL
) STRICT;
