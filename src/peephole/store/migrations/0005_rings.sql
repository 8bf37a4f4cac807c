-- Somebody pressed the bell during the visit, or the visit began so.
ALTER TABLE visits ADD COLUMN rang INTEGER NOT NULL DEFAULT 0 CHECK (rang IN (0, 1));
