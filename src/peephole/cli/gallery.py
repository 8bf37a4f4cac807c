"""A doorbell put together from a data folder and a program, for the commands that need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.cli.errors import complain
from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.settings.reading import ReadSettings
    from peephole.store.keys import Keys, Storage
    from peephole.store.store import Store


@contextmanager
def opened_doorbell(data: Path, model: Path | None) -> Iterator["Doorbell"]:
    """Open the people and strangers in `data`, beside a running doorbell if there is one."""
    with opened_home(data, model) as (_, doorbell):
        yield doorbell


@contextmanager
def opened_home(
    data: Path, model: Path | None, storage: "Storage | None" = None
) -> Iterator[tuple["Store", "Doorbell"]]:
    """Open a data folder and the doorbell on it.

    model: None: the shipped recogniser. storage: how everything is kept; None: as the usual settings say, which
    then tell the bars too.
    """
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.doorbell import Doorbell
    from peephole.doorbell.settings import policy_of
    from peephole.settings.owner import settings_in_force
    from peephole.settings.reading import read_settings
    from peephole.store.store import Store

    recogniser = make_recogniser(load_program(model))
    with Store(data, storage_keys(storage)) as store:
        policy = None
        if storage is None:
            policy = policy_of(settings_in_force(read_settings(), store.settings.values()).settings.recognition)
        yield store, Doorbell(store, recogniser, policy)


def in_force(config: Path | None, data: Path | None) -> tuple["ReadSettings", Path]:
    """Return the settings of a file with what the owner has set on the page, and the data folder.

    data: None: as the settings say. Raises ValueError where file and page together are impossible.
    """
    from peephole.settings.owner import settings_in_force
    from peephole.settings.reading import read_settings
    from peephole.store.settings import values_in

    read = read_settings(config)
    folder = data if data is not None else read.settings.data
    return settings_in_force(read, values_in(folder)), folder


def opened_store(data: Path, storage: "Storage | None" = None) -> "Store":
    """Open a data folder without a recogniser; storage as for `opened_home`."""
    from peephole.store.store import Store

    return Store(data, storage_keys(storage))


def storage_keys(storage: "Storage | None" = None) -> "Keys":
    """Return how a store comes by its key, and warn of one that lies open; `storage` None: as the settings say."""
    from peephole.settings.files import default_key_file
    from peephole.settings.reading import read_settings
    from peephole.store.keys import Keys

    keys = Keys(storage if storage is not None else read_settings().settings.storage, default_key_file())
    if warning := keys.exposed():
        complain(warning)
    return keys
