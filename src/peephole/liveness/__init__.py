"""Whether a face is one of flesh: what a flat camera can tell of photos and screens, and where it cannot."""
