"""What a household decides about its doorbell: a TOML file, the environment, and secrets outside of both.

Each room describes its own section; here they are put together, read and explained.
"""
