-- The name of the camera that a visit was at, as it was called then; empty where the only one had no name.
ALTER TABLE visits ADD COLUMN camera TEXT NOT NULL DEFAULT '';
CREATE INDEX visits_by_camera ON visits (camera, first_seen);
