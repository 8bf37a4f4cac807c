"""Where settings and data are, unless they say otherwise."""

import os
from pathlib import Path


def default_data_folder() -> Path:
    """Return `peephole` under $XDG_DATA_HOME, else ~/.local/share/peephole."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "peephole"


def default_key_file() -> Path:
    """Return the file of the key that is made where the settings name none.

    It is not in the data folder, so that a copy of that one discloses no face.
    """
    return _folder() / "storage.key"


def default_door_file() -> Path:
    """Return the file of the keys by which other doors know this one."""
    return _folder() / "door.key"


def settings_file() -> Path | None:
    """Return $PEEPHOLE_CONFIG, else the owner's peephole.toml where there is one."""
    if chosen := os.environ.get("PEEPHOLE_CONFIG"):
        return Path(chosen)
    usual = _folder() / "peephole.toml"
    return usual if usual.is_file() else None


def _folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "peephole"
