"""`peephole backup` and `peephole restore`: everything in one file that a passphrase opens."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.options import DataOption
from peephole.cli.output import check_folder_of, plain, write_whole

PassphraseOption = Annotated[
    str | None,
    typer.Option(
        metavar="file:PATH|credential:NAME|text:..",
        show_default="asked for on the terminal",
        help="Where the passphrase of the backup is.",
    ),
]


def backup(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to write.")],
    data: DataOption,
    passphrase: PassphraseOption = None,
) -> None:
    """Write all people, strangers and visits into one file that only a passphrase opens.

    A doorbell may run meanwhile.
    """
    from peephole.cli.gallery import storage_keys
    from peephole.store.database import DATABASE_NAME
    from peephole.store.store import Store

    check_folder_of(output)
    if not (data / DATABASE_NAME).is_file():
        raise FileNotFoundError(f"{data}: no such data folder; name one with --data")
    secret = _passphrase(passphrase, confirm=True)
    with Store(data, storage_keys()) as store:
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

    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such backup")
    restored = restore_backup(file, _passphrase(passphrase, confirm=False), data, storage_keys(), replace)
    print(f"restored {restored.people} people, {restored.strangers} strangers and {restored.visits} visits")


def _passphrase(secret: str | None, *, confirm: bool) -> bytes:
    from pydantic import TypeAdapter, ValidationError

    from peephole.secret import Secret, read_secret

    if secret is not None:
        try:
            return read_secret(TypeAdapter(Secret).validate_python(secret), "--passphrase")
        except ValidationError as error:
            raise typer.BadParameter("--passphrase is file:PATH, credential:NAME or text:THE PASSPHRASE") from error
    if not sys.stdin.isatty():
        raise ValueError("there is no terminal to ask for the passphrase on; name it with --passphrase")
    asked: str = typer.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=confirm, err=True)
    return asked.encode()
