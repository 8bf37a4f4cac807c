-- Who was nearest but one, and how long after the first sight of the face it was decided who it is, in seconds.
ALTER TABLE visits ADD COLUMN runner_up TEXT REFERENCES people (id) ON DELETE SET NULL;
ALTER TABLE visits ADD COLUMN decided_after REAL;
