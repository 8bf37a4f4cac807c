-- Which visit a look at a stranger is from, strangers who became one, hits that are no face, and who is not the same.
ALTER TABLE strangers ADD COLUMN merged_into TEXT REFERENCES strangers (id) ON DELETE SET NULL;
ALTER TABLE strangers ADD COLUMN no_face INTEGER NOT NULL DEFAULT 0 CHECK (no_face IN (0, 1));
ALTER TABLE stranger_looks ADD COLUMN visit TEXT REFERENCES visits (id) ON DELETE SET NULL;
UPDATE stranger_looks SET visit = (
    SELECT visit_looks.visit FROM visit_looks JOIN visits ON visits.id = visit_looks.visit
    WHERE visits.stranger = stranger_looks.stranger AND visit_looks.time = stranger_looks.seen LIMIT 1
);
CREATE INDEX stranger_looks_visit ON stranger_looks (visit);

CREATE TABLE strangers_apart (  -- the owner said that these two are two people
    one   TEXT NOT NULL REFERENCES strangers (id) ON DELETE CASCADE,
    other TEXT NOT NULL REFERENCES strangers (id) ON DELETE CASCADE,
    PRIMARY KEY (one, other),
    CHECK (one < other)
) STRICT, WITHOUT ROWID;

-- What the owner did and may take back for a while, with the rows as they were before and after (store/journal.py).
CREATE TABLE undo (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    time  REAL NOT NULL,
    until REAL NOT NULL,  -- then it is final, and what it took away is erased
    what  TEXT NOT NULL,
    text  TEXT NOT NULL,
    erases INTEGER NOT NULL CHECK (erases IN (0, 1))
) STRICT;

CREATE TABLE undo_rows (
    undo   INTEGER NOT NULL REFERENCES undo (id) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    tab    TEXT NOT NULL,
    key    TEXT NOT NULL,  -- JSON
    before TEXT,           -- JSON of the columns that changed; NULL: there was no such row
    after  TEXT,           -- the same with digests in place of descriptors and pictures; NULL: the row went
    PRIMARY KEY (undo, place)
) STRICT, WITHOUT ROWID;
