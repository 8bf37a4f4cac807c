"""A doorbell put together from a data folder and a program, for the commands that need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peephole.cli.programs import load_program

if TYPE_CHECKING:
    from peephole.doorbell.doorbell import Doorbell
    from peephole.store.keys import Keys, Storage


@contextmanager
def opened_doorbell(data: Path, model: Path | None, storage: "Storage | None" = None) -> Iterator["Doorbell"]:
    """Open the people and strangers in `data`, beside a running doorbell if there is one.

    storage: how they are kept; None: as the usual settings say.
    """
    from peephole.doorbell.assembly import make_recogniser
    from peephole.doorbell.doorbell import Doorbell
    from peephole.store.store import Store

    recogniser = make_recogniser(load_program(model))
    with Store(data, storage_keys(storage)) as store:
        yield Doorbell(store, recogniser)


def storage_keys(storage: "Storage | None" = None) -> "Keys":
    """Return how a store comes by its key; `storage` None: as the usual settings say."""
    from peephole.settings.files import default_key_file
    from peephole.settings.reading import read_settings
    from peephole.store.keys import Keys

    return Keys(storage if storage is not None else read_settings().settings.storage, default_key_file())
