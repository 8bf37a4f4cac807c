-- Visits whose looks and picture the owner discarded. To copy them into the journal and to overwrite them where they
-- were would write everything twice at once; so they stay where they are, shown to nobody, until that is final.
CREATE TABLE withheld (
    visit TEXT PRIMARY KEY REFERENCES visits (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE VIEW shown_looks AS SELECT * FROM visit_looks WHERE visit NOT IN (SELECT visit FROM withheld);

-- A row that was put back is not withheld any more; of all others the end of the journal's row is the end of the looks.
CREATE TRIGGER withheld_for_good AFTER DELETE ON undo_rows WHEN OLD.tab = 'withheld'
BEGIN
    DELETE FROM visit_looks WHERE visit IN (SELECT visit FROM withheld WHERE visit = json_extract(OLD.key, '$[0]'));
    UPDATE visits SET picture = NULL
        WHERE id IN (SELECT visit FROM withheld WHERE visit = json_extract(OLD.key, '$[0]'));
    DELETE FROM withheld WHERE visit = json_extract(OLD.key, '$[0]');
END;
