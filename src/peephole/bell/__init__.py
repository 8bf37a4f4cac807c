"""A button at the door that rings."""
