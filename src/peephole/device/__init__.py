"""The owner's side of a device: a serial line, a session on it, and commands. docs/device.md has the protocol."""
