"""The owner's settings as pages: what may be changed here, where each value comes from, and what it leads to."""
