-- Why a visit was decided as it was: the looks of closed visits stay, with what each was nearest to, and the bars.
ALTER TABLE visits ADD COLUMN bar_known INTEGER;
ALTER TABLE visits ADD COLUMN bar_stranger INTEGER;
ALTER TABLE visits ADD COLUMN bar_same_stranger INTEGER;
ALTER TABLE visits ADD COLUMN bar_margin INTEGER;
ALTER TABLE visits ADD COLUMN compared INTEGER;  -- people who were compared with
ALTER TABLE visit_looks ADD COLUMN fault TEXT NOT NULL DEFAULT '';
ALTER TABLE visit_looks ADD COLUMN voted INTEGER NOT NULL DEFAULT 0 CHECK (voted IN (0, 1));
ALTER TABLE visit_looks ADD COLUMN nearest TEXT REFERENCES people (id) ON DELETE SET NULL;
ALTER TABLE visit_looks ADD COLUMN distance INTEGER;
