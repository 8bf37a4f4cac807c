"""Targets of notifications that an owner adds on the page.

The address is a secret, so it lies in a file of its own in the data folder, which only the doorbell's account may read:
not in the database, whose settings lie open, nor in the log of changes, nor in a backup.
"""

import re
import secrets
from contextlib import suppress
from pathlib import Path

from peephole.notify.senders import sender_of
from peephole.notify.settings import Target
from peephole.settings.household import Settings
from peephole.settings.owner import OwnerSettings, value_of
from peephole.store.files import make_private_file

FOLDER = "addresses"


def add_target(owner: OwnerSettings, data: Path, by: str, name: str, service: str, address: str) -> None:
    """Tell somebody else from now on.

    Args:
        owner: the settings in force.
        data: the data folder.
        by: the account that wishes it.
        name: what the target is called.
        service: "apprise" or "webhook".
        address: where messages go.

    Raises:
        ValueError: a name or an address that is none or is taken, or Apprise is not installed.
        OSError: the address cannot be stored.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}", name):
        raise ValueError("a name has at most 40 letters from A to Z, digits, blanks, _ and -, a letter or digit first")
    _usable(name, service, address)
    path = data.absolute() / FOLDER / secrets.token_hex(8)

    def is_new(before: Settings, after: Settings) -> None:
        if name.casefold() in {one.name.casefold() for one in before.notify.targets}:
            raise ValueError(f"{name}: there is a target of this name already")

    table = f"notify.targets.{name}"
    values = {f"{table}.service": service, f"{table}.url": f"file:{path}"}
    left = [key for key in owner.keys_of_target(name) if key not in values]  # of one that the file named once
    make_private_file(path, address, f"the address of {name}")
    try:
        owner.change(by, values, left, is_new)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def remove_target(owner: OwnerSettings, data: Path, by: str, name: str) -> None:
    """Tell a target no more that was added on the page, and erase its address; raises ValueError for any other one."""
    if not owner.was_added(name):
        raise ValueError(f"{name}: no target of this name was added on the page")
    address = value_of(owner.settings, f"notify.targets.{name}.url")
    owner.change(by, {}, owner.keys_of_target(name))
    erase_address(data, address)


def erase_address(data: Path, secret: str) -> None:
    """Erase an address that was kept for the page, `secret` as the settings have it; a file elsewhere stays."""
    path = Path(secret.removeprefix("file:"))
    if path.parent == data.absolute() / FOLDER:
        with suppress(OSError):
            path.unlink()


def _usable(name: str, service: str, address: str) -> None:
    target = Target.model_validate({"name": name, "service": service, "url": f"text:{address}"})
    try:
        sender_of(target)
    except ImportError as error:
        raise ValueError(str(error)) from error
