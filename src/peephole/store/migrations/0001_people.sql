-- People whom the owner has named, and the looks that a face is compared with.
CREATE TABLE people (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,  -- the name as it is compared: case and spacing folded
    created  REAL NOT NULL
) STRICT;

CREATE TABLE person_references (
    id         INTEGER PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    descriptor BLOB NOT NULL,       -- little-endian int16
    model      TEXT NOT NULL,       -- descriptors of two models are never compared
    picture    BLOB NOT NULL,       -- small JPEG
    quality    INTEGER NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('photo', 'visit', 'import')),
    created    REAL NOT NULL
) STRICT;
CREATE INDEX person_references_person ON person_references (person);
