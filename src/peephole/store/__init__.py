"""What survives a restart: one SQLite file a data folder, and the lock that keeps a second doorbell out."""
