-- Since when another door is trusted; NULL: since before this was noted.
ALTER TABLE doors ADD COLUMN since REAL;
