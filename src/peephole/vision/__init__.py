"""Frames, faces and crops: where pictures come from and which part of them the network sees."""
