"""The doorbell as an image for a small device, and the emulator that runs it."""
