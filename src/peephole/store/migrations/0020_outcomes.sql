-- What the door did is asked for by visit, for every row of a list of visits.
CREATE INDEX door_log_visit ON door_log (visit) WHERE visit IS NOT NULL;
