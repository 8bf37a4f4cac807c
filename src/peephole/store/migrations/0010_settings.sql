-- What the owner has set on the page, over the settings file; and every change of it, which is only added to.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,  -- dotted, as in the file
    value TEXT NOT NULL      -- JSON
) STRICT;

CREATE TABLE settings_log (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    time   REAL NOT NULL,
    by     TEXT NOT NULL,
    key    TEXT NOT NULL,
    before TEXT,
    after  TEXT
) STRICT;

CREATE TRIGGER settings_log_is_not_rewritten BEFORE UPDATE ON settings_log
BEGIN
    SELECT RAISE(ABORT, 'the log of the settings is only added to');
END;

CREATE TRIGGER settings_log_is_kept BEFORE DELETE ON settings_log
BEGIN
    SELECT RAISE(ABORT, 'the log of the settings is only added to');
END;
