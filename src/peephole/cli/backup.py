"""`peephole backup` and `peephole restore`: everything in one file that a passphrase opens."""

from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.options import DataOption, ForceOption
from peephole.cli.output import check_file, check_folder_of, check_new, counted, plain
from peephole.cli.secrets import PassphraseOption, asked_secret
from peephole.whole_files import write_whole


def backup(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    data: DataOption,
    passphrase: PassphraseOption = None,
    force: ForceOption = False,
) -> None:
    """Write all people, strangers and visits into one file that only a passphrase opens.

    A doorbell may run meanwhile.
    """
    from peephole.accounts.passwords import SHORTEST
    from peephole.cli.gallery import opened_store
    from peephole.store.database import DATABASE_NAME

    check_folder_of(output)
    check_new(output, force)
    if not (data / DATABASE_NAME).is_file():
        raise FileNotFoundError(f"{data}: no such data folder; name one with --data")
    secret = asked_secret(passphrase, "--passphrase", "Passphrase of the backup", confirm=True)
    if len(secret.decode(errors="replace")) < SHORTEST:  # as on the page: the file may be tried at leisure
        raise ValueError(f"a passphrase has at least {SHORTEST} characters")
    with opened_store(data) as store:
        store.audit.note(None, "backup_written")
        write_whole(output, lambda file: store.write_backup(secret, file), mode=0o600)
    print(plain(f"{output}: written; keep the passphrase, nothing opens the file without it"))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    data: DataOption,
    passphrase: PassphraseOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Lose what the data folder holds now.")] = False,
) -> None:
    """Bring a backup back, on this machine or on another one; stop the doorbell before."""
    from peephole.cli.gallery import storage_keys
    from peephole.store.backup import restore_backup

    check_file(file, "a backup")
    secret = asked_secret(passphrase, "--passphrase", "Passphrase of the backup", confirm=False)
    restored = restore_backup(file, secret, data, storage_keys(), replace)
    people, strangers = counted(restored.people, "person"), counted(restored.strangers, "stranger")
    print(f"restored {people}, {strangers} and {counted(restored.visits, 'visit')}")
