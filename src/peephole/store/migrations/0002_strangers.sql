-- People without a name, recognised again by the face. Rows are never deleted, so that no number is given twice.
CREATE TABLE strangers (
    id         TEXT PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    state      TEXT NOT NULL CHECK (state IN ('open', 'ignored', 'assigned', 'discarded')),
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    visits     INTEGER NOT NULL,
    person     TEXT REFERENCES people (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE stranger_looks (
    id         INTEGER PRIMARY KEY,
    stranger   TEXT NOT NULL REFERENCES strangers (id) ON DELETE CASCADE,
    descriptor BLOB NOT NULL,
    model      TEXT NOT NULL,
    picture    BLOB NOT NULL,
    quality    INTEGER NOT NULL,
    seen       REAL NOT NULL
) STRICT;
CREATE INDEX stranger_looks_stranger ON stranger_looks (stranger);
