-- What the owner has decided about a person, and that the person agreed to be recognised.
ALTER TABLE people ADD COLUMN tell TEXT NOT NULL DEFAULT 'notify' CHECK (tell IN ('notify', 'log', 'silent'));
ALTER TABLE people ADD COLUMN may_open INTEGER NOT NULL DEFAULT 0 CHECK (may_open IN (0, 1));
ALTER TABLE people ADD COLUMN hours TEXT NOT NULL DEFAULT '';  -- when the door may open, see people/hours.py
ALTER TABLE people ADD COLUMN minor INTEGER NOT NULL DEFAULT 0 CHECK (minor IN (0, 1));
ALTER TABLE people ADD COLUMN consent TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN consent_at REAL;
