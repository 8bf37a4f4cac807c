-- People who are one: introduced twice, at two doors perhaps. The row stays, so that undoing and other doors can follow.
ALTER TABLE people ADD COLUMN same_as TEXT NOT NULL DEFAULT '';  -- id of whom the owner said it is; it may be gone
ALTER TABLE people ADD COLUMN joined_into TEXT REFERENCES people (id);  -- who that leads to here (store/joins.py)
CREATE INDEX people_joined_into ON people (joined_into);

CREATE TABLE person_joins (  -- as person_changes, of same_as
    person TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    time   REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER person_same_as_decided AFTER UPDATE OF same_as ON people WHEN NEW.same_as IS NOT OLD.same_as
BEGIN
    INSERT OR REPLACE INTO person_joins (person, time) VALUES (NEW.id, max(
        (julianday('now') - 2440587.5) * 86400.0, 0.001 + coalesce(
            (SELECT time FROM person_joins WHERE person = NEW.id), NEW.created)));
END;
