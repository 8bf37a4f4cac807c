"""peephole: an open, fully offline face-recognition doorbell and its toolkit."""

__version__ = "0.1.0"
