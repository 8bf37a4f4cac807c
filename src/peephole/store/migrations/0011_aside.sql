-- References that were set aside: kept for a while with the reason, and compared with nobody. Empty: in use.
ALTER TABLE person_references ADD COLUMN aside TEXT NOT NULL DEFAULT ''
    CHECK (aside IN ('', 'owner', 'cross_risk', 'self_outlier', 'redundant'));
ALTER TABLE person_references ADD COLUMN aside_at REAL;
