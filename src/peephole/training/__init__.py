"""Training: packed faces, augmentation, losses, optimizer, the Lightning module."""
