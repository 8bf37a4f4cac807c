-- Who did what with accounts and with everything about a person. Accounts are named, people are not.
CREATE TABLE audit_log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    time    REAL NOT NULL,
    account TEXT,           -- its name; NULL: the command line, or a page without accounts
    deed    TEXT NOT NULL,
    about   TEXT            -- the name of the account that it was done to
) STRICT;

CREATE INDEX audit_log_time ON audit_log (time);

CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'this log is only added to');
END;

CREATE TRIGGER audit_log_keeps_a_month BEFORE DELETE ON audit_log
WHEN OLD.time > CAST(strftime('%s', 'now') AS REAL) - 30 * 86400
BEGIN
    SELECT RAISE(ABORT, 'this log is only added to');
END;
