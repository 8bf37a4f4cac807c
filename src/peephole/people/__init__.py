"""The people a doorbell knows, the strangers it has seen, and how a face is matched against them."""
