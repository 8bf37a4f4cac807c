-- People between doors: when each thing about a person was decided, who and what was erased, and the doors trusted.
-- No row of a field: it is as old as the person. A later decision outranks an earlier one whatever the clocks say.
CREATE TABLE person_changes (
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    field  TEXT NOT NULL CHECK (field IN ('name', 'tell', 'may_open', 'hours', 'minor', 'consent')),
    time   REAL NOT NULL,
    PRIMARY KEY (person, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_people (
    id   TEXT PRIMARY KEY,  -- opaque: no name, nothing of a face
    time REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE erased_references (
    person TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    time   REAL NOT NULL,
    PRIMARY KEY (person, digest)
) STRICT, WITHOUT ROWID;

ALTER TABLE person_references ADD COLUMN digest BLOB;  -- SHA-256; NULL: no other door has heard of it

CREATE TABLE doors (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    public   BLOB NOT NULL,
    trusted  INTEGER NOT NULL CHECK (trusted IN (0, 1)),  -- 0: only the sequence is remembered
    sequence INTEGER NOT NULL DEFAULT 0,
    heard    REAL
) STRICT;

CREATE TRIGGER person_name_decided AFTER UPDATE OF name ON people WHEN NEW.name IS NOT OLD.name
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'name', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'name'), NEW.created)));
END;

CREATE TRIGGER person_tell_decided AFTER UPDATE OF tell ON people WHEN NEW.tell IS NOT OLD.tell
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'tell', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'tell'), NEW.created)));
END;

CREATE TRIGGER person_may_open_decided AFTER UPDATE OF may_open ON people WHEN NEW.may_open IS NOT OLD.may_open
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'may_open', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'may_open'), NEW.created)));
END;

CREATE TRIGGER person_hours_decided AFTER UPDATE OF hours ON people WHEN NEW.hours IS NOT OLD.hours
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'hours', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'hours'), NEW.created)));
END;

CREATE TRIGGER person_minor_decided AFTER UPDATE OF minor ON people WHEN NEW.minor IS NOT OLD.minor
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'minor', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'minor'), NEW.created)));
END;

CREATE TRIGGER person_consent_decided AFTER UPDATE OF consent, consent_at ON people
WHEN NEW.consent IS NOT OLD.consent OR NEW.consent_at IS NOT OLD.consent_at
BEGIN
    INSERT OR REPLACE INTO person_changes (person, field, time) VALUES (NEW.id, 'consent', max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_changes WHERE person = NEW.id AND field = 'consent'), NEW.created)));
END;

CREATE TRIGGER person_erased AFTER DELETE ON people
BEGIN
    INSERT OR IGNORE INTO erased_people (id, time) VALUES (OLD.id, (julianday('now') - 2440587.5) * 86400.0);
END;

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
