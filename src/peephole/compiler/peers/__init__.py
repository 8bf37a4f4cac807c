"""What other compilers and planners need for the same network."""
