-- Every opening of the door, written before the door moves, and every refusal; rows are added and never changed.
CREATE TABLE door_log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    time    REAL NOT NULL,
    visit   TEXT,  -- stays when the visit is forgotten
    person  TEXT REFERENCES people (id) ON DELETE SET NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('open', 'shut')),
    reason  TEXT NOT NULL,
    by      TEXT NOT NULL,
    mode    TEXT NOT NULL CHECK (mode IN ('dry-run', 'on')),
    done    TEXT NOT NULL CHECK (done IN ('not_known', 'done', 'failed', 'not_tried'))
) STRICT;

CREATE INDEX door_log_time ON door_log (time);

-- What became of an opening is noted once; a person who is erased leaves the row without a name.
CREATE TRIGGER door_log_is_not_rewritten
BEFORE UPDATE OF id, time, visit, verdict, reason, by, mode ON door_log
BEGIN
    SELECT RAISE(ABORT, 'the log of the door is only added to');
END;

CREATE TRIGGER door_log_is_settled_once BEFORE UPDATE OF done ON door_log WHEN OLD.done <> 'not_known'
BEGIN
    SELECT RAISE(ABORT, 'the log of the door is only added to');
END;

CREATE TRIGGER door_log_names_nobody_else BEFORE UPDATE OF person ON door_log WHEN NEW.person IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the log of the door is only added to');
END;

CREATE TRIGGER door_log_keeps_a_month BEFORE DELETE ON door_log
WHEN OLD.time > CAST(strftime('%s', 'now') AS REAL) - 30 * 86400
BEGIN
    SELECT RAISE(ABORT, 'the log of the door is only added to');
END;
