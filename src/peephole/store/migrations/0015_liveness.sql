-- What the liveness check said of a visit, for whoever asks why the door stayed shut.
CREATE TABLE liveness (
    visit  TEXT PRIMARY KEY REFERENCES visits (id) ON DELETE CASCADE,
    result TEXT NOT NULL CHECK (result IN ('passed', 'failed', 'not_done')),
    reason TEXT NOT NULL
) STRICT;
