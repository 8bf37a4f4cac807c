-- Who was told of a visit and who was not, and why: of each target and happening what was said last.
CREATE TABLE notifications (
    visit     TEXT NOT NULL REFERENCES visits (id) ON DELETE CASCADE,
    target    TEXT NOT NULL,  -- name in the settings
    happening TEXT NOT NULL,
    verdict   TEXT NOT NULL,  -- told, not_sent, or why not: a key of notify.rules.REASONS
    time      REAL NOT NULL,
    PRIMARY KEY (visit, target, happening)
) STRICT, WITHOUT ROWID;
