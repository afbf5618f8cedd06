-- Format 1. Times are milliseconds since 1970; the number of a pod leads the key of what it holds.

CREATE TABLE pods (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given again
  name TEXT NOT NULL,
  owners TEXT NOT NULL,                 -- JSON array of WebIDs
  version INTEGER NOT NULL,             -- raised by every commit
  used INTEGER NOT NULL,                -- bytes of all bodies
  quota INTEGER,
  created INTEGER NOT NULL
) STRICT;

-- Every name that was ever given; its pod is null once the pod was removed.
CREATE TABLE names (
  name TEXT PRIMARY KEY,
  pod INTEGER
) STRICT, WITHOUT ROWID;

-- What the catalogue knows of a resource. Rows are small and lie in listing order, so that a
-- listing is one contiguous scan. `container || name` is the local path; the root is ('/', '').
CREATE TABLE records (
  pod INTEGER NOT NULL,
  container TEXT NOT NULL,
  name TEXT NOT NULL,
  auxiliary INTEGER NOT NULL,           -- 1: an ACL or a description, not a member
  uid INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  created_by TEXT,
  version INTEGER NOT NULL,
  listing INTEGER NOT NULL,
  inbox TEXT,
  blob BLOB,                            -- null: the body is in `bodies`, or it is a container
  PRIMARY KEY (pod, container, name)
) STRICT, WITHOUT ROWID;

-- Inline bodies. It keeps its rowid: with one, writes over many pods append instead of scattering.
CREATE TABLE bodies (
  uid INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE blobs (
  id BLOB PRIMARY KEY,
  pod INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('writing', 'live', 'dead')),
  size INTEGER NOT NULL,
  at INTEGER NOT NULL                   -- when it came into this state
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_state ON blobs (state, at);
CREATE INDEX blobs_of_pod ON blobs (pod);

-- While a hold lasts no dead blob is removed: a backup is reading.
CREATE TABLE holds (
  id INTEGER PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
  pod INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,            -- among the events of its commit
  at INTEGER NOT NULL,
  happening TEXT NOT NULL,
  path TEXT NOT NULL,
  object TEXT,
  PRIMARY KEY (pod, version, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_age ON events (at);

-- House records.
CREATE TABLE entries (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  version INTEGER NOT NULL
) STRICT;

-- 'house': the version of the house records and of the names; 'uid': the last uid given.
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES ('house', 0), ('uid', 0);
