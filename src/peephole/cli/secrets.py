"""Secrets that a command needs: from where an option says, else asked for on the terminal."""

import sys
from typing import Annotated

import typer

_METAVAR = "file:PATH|credential:NAME|text:.."
PassphraseOption = Annotated[
    str | None,
    typer.Option(metavar=_METAVAR, show_default="asked for on the terminal", help="Where the passphrase is."),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(metavar=_METAVAR, show_default="asked for on the terminal", help="Where the password is."),
]


def asked_secret(secret: str | None, option: str, prompt: str, *, confirm: bool) -> bytes:
    """Return a secret: the one that `option` names, else what is typed in answer to `prompt`, twice to `confirm` it.

    Raises ValueError where there is neither, and OSError where its file cannot be read.
    """
    from pydantic import TypeAdapter, ValidationError

    from peephole.secret import Secret, read_secret

    if secret is not None:
        try:
            return read_secret(TypeAdapter(Secret).validate_python(secret), option)
        except ValidationError as error:
            raise typer.BadParameter(
                f"{option} is file:PATH, credential:NAME or text: and the secret itself"
            ) from error
    if not sys.stdin.isatty():
        raise ValueError(f"there is no terminal to ask on; name the secret with {option}")
    typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed.encode()
