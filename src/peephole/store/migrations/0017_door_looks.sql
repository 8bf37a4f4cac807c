-- A look taken while somebody was introduced at a camera is from no visit. SQLite changes no CHECK: the table is made
-- anew, with its index and its triggers. Looks of before stay as they are; what they were taken from is not known.
CREATE TABLE person_references_anew (
    id         INTEGER PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    descriptor BLOB NOT NULL,       -- little-endian int16
    model      TEXT NOT NULL,       -- descriptors of two models are never compared
    picture    BLOB NOT NULL,       -- small JPEG
    quality    INTEGER NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('photo', 'visit', 'door', 'import')),
    created    REAL NOT NULL,
    aside      TEXT NOT NULL DEFAULT ''
        CHECK (aside IN ('', 'owner', 'cross_risk', 'self_outlier', 'redundant')),
    aside_at   REAL,
    digest     BLOB                 -- SHA-256; NULL: no other door has heard of it
) STRICT;
INSERT INTO person_references_anew
    (id, person, descriptor, model, picture, quality, source, created, aside, aside_at, digest)
    SELECT id, person, descriptor, model, picture, quality, source, created, aside, aside_at, digest
    FROM person_references;
DROP TABLE person_references;
ALTER TABLE person_references_anew RENAME TO person_references;
CREATE INDEX person_references_person ON person_references (person);

-- Of an erased person only the person's id is remembered.
CREATE TRIGGER reference_erased AFTER DELETE ON person_references
WHEN OLD.digest IS NOT NULL AND EXISTS (SELECT 1 FROM people WHERE id = OLD.person)
BEGIN
    INSERT OR IGNORE INTO erased_references (digest, person, time)
    VALUES (OLD.digest, OLD.person, (julianday('now') - 2440587.5) * 86400.0);
END;

CREATE TRIGGER reference_moved AFTER UPDATE OF person ON person_references
WHEN OLD.digest IS NOT NULL AND NEW.person IS NOT OLD.person
BEGIN
    INSERT OR IGNORE INTO erased_references (digest, person, time)
    VALUES (OLD.digest, OLD.person, (julianday('now') - 2440587.5) * 86400.0);
END;
