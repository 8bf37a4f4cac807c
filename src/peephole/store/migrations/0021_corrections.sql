-- What the doorbell had said of a visit that its owner has put right; NULL in all: the visit is as it was decided.
ALTER TABLE visits ADD COLUMN said_kind TEXT CHECK (said_kind IN ('known', 'stranger', 'unsure'));
ALTER TABLE visits ADD COLUMN said_person TEXT REFERENCES people (id) ON DELETE SET NULL;
ALTER TABLE visits ADD COLUMN said_stranger TEXT REFERENCES strangers (id) ON DELETE SET NULL;
ALTER TABLE visits ADD COLUMN said_reason TEXT;
