-- Who may sign in to the page, and the browsers that did.
CREATE TABLE accounts (
    name     TEXT NOT NULL,
    name_key TEXT PRIMARY KEY,  -- the name as it is compared: case and spacing folded
    role     TEXT NOT NULL CHECK (role IN ('owner', 'viewer')),
    password TEXT NOT NULL,     -- Argon2id
    created  REAL NOT NULL
) STRICT;

CREATE TABLE sessions (
    token   BLOB PRIMARY KEY,   -- SHA-256 of what the browser holds
    account TEXT NOT NULL REFERENCES accounts (name_key) ON DELETE CASCADE,
    created REAL NOT NULL,
    used    REAL NOT NULL
) STRICT;
