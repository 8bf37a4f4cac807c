-- Which account did what is done by hand, and what a face was decided by: a live camera or not, and which liveness.
ALTER TABLE door_log ADD COLUMN account TEXT;   -- a name; NULL: a face, the broker, the command line, or before
ALTER TABLE door_log ADD COLUMN changed TEXT;   -- settings with their new values; NULL: the row is of no such change
ALTER TABLE door_log ADD COLUMN live INTEGER;   -- 0 or 1; NULL: not known, or no face was the reason
ALTER TABLE door_log ADD COLUMN liveness TEXT;  -- as it was set; NULL likewise

DROP TRIGGER door_log_is_not_rewritten;
CREATE TRIGGER door_log_is_not_rewritten
BEFORE UPDATE OF id, time, visit, verdict, reason, by, mode, account, changed, live, liveness ON door_log
BEGIN
    SELECT RAISE(ABORT, 'the log of the door is only added to');
END;
