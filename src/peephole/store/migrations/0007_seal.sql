-- The data key that descriptors and pictures are sealed with, wrapped with the owner's secret (store/seal.py).
-- No row: they lie open.
CREATE TABLE seal (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    kind    TEXT NOT NULL CHECK (kind IN ('key', 'passphrase')),
    salt    BLOB NOT NULL,
    wrapped BLOB NOT NULL
) STRICT;
