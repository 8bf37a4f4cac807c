-- Visits. A row is written when the visit opens and kept up to date, so that a killed process loses nothing;
-- visit_looks holds what has been seen so far and is emptied when the visit closes.
CREATE TABLE visits (
    id         TEXT PRIMARY KEY,
    closed     INTEGER NOT NULL CHECK (closed IN (0, 1)),
    first_seen REAL NOT NULL,
    last_seen  REAL NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('known', 'stranger', 'unsure')),
    person     TEXT REFERENCES people (id) ON DELETE SET NULL,
    nearest    TEXT REFERENCES people (id) ON DELETE SET NULL,
    stranger   TEXT REFERENCES strangers (id) ON DELETE SET NULL,
    distance   INTEGER,
    margin     INTEGER,
    reason     TEXT NOT NULL,
    text       TEXT NOT NULL,
    sightings  INTEGER NOT NULL,
    repeat     INTEGER NOT NULL CHECK (repeat IN (0, 1)),
    silent     INTEGER NOT NULL CHECK (silent IN (0, 1)),
    picture    BLOB
) STRICT;
CREATE INDEX visits_first_seen ON visits (first_seen);
CREATE INDEX visits_person ON visits (person, last_seen);
CREATE INDEX visits_stranger ON visits (stranger, last_seen);

CREATE TABLE visit_looks (
    visit      TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    time       REAL NOT NULL,
    x          INTEGER NOT NULL,
    y          INTEGER NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    descriptor BLOB NOT NULL,
    model      TEXT NOT NULL,
    sharpness  INTEGER NOT NULL,
    neighbours INTEGER NOT NULL,
    quality    INTEGER NOT NULL,
    good       INTEGER NOT NULL CHECK (good IN (0, 1)),
    picture    BLOB NOT NULL,
    PRIMARY KEY (visit, number)
) STRICT, WITHOUT ROWID;
