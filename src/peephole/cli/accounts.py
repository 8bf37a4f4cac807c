"""`peephole accounts`: who may sign in to the page."""

from typing import Annotated

import typer

from peephole.cli.options import DataOption, JsonOption
from peephole.cli.output import local_time, plain, print_json, print_table
from peephole.cli.secrets import PasswordOption, asked_secret

group = typer.Typer(no_args_is_help=True, help="Who may sign in to the page; also when a password is forgotten.")

AccountName = Annotated[str, typer.Argument(metavar="NAME", help="Name of an account.")]


@group.command("list")
def list_accounts(data: DataOption, json: JsonOption = False) -> None:
    """List the accounts."""
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        accounts = store.accounts.all()
    if json:
        print_json([{"name": one.name, "role": one.role, "created": one.created} for one in accounts])
    elif accounts:
        print_table(("name", "role", "since"), [(one.name, one.role, local_time(one.created)) for one in accounts])
    else:
        print("nobody yet; whoever opens the page first becomes the owner")


@group.command("add")
def add(
    name: AccountName,
    data: DataOption,
    role: Annotated[str, typer.Option(metavar="owner|viewer", help="A viewer looks and changes nothing.")] = "viewer",
    password: PasswordOption = None,
) -> None:
    """Let somebody sign in."""
    from peephole.accounts.accounts import new_account
    from peephole.accounts.records import ROLES
    from peephole.cli.gallery import opened_store

    known = next((one for one in ROLES if one == role), None)
    if known is None:
        raise typer.BadParameter(f"--role {plain(role)}: it is one of {', '.join(ROLES)}")
    account = new_account(name, known, asked_secret(password, "--password", "Password", confirm=True).decode())
    with opened_store(data) as store:
        if not store.accounts.add(account):
            raise ValueError(f"{name}: there is an account of this name already")
        store.audit.note(None, "account_added", account.name)
    print(plain(f"{account.name}: may sign in as {account.role}"))


@group.command("password")
def password(name: AccountName, data: DataOption, password: PasswordOption = None) -> None:
    """Give an account another password; its browsers have to sign in again."""
    from peephole.accounts.passwords import hashed
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        if store.accounts.find(name) is None:
            raise ValueError(f"{name}: there is no account of this name")
        store.accounts.set_password(
            name, hashed(asked_secret(password, "--password", "New password", confirm=True).decode())
        )
        store.audit.note(None, "password_changed", name)
    print(plain(f"{name}: has another password"))


@group.command("remove")
def remove(name: AccountName, data: DataOption) -> None:
    """Let an account sign in no more."""
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        store.accounts.remove(name)
        store.audit.note(None, "account_removed", name)
    print(plain(f"{name}: removed"))


@group.command("log")
def log(
    data: DataOption,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many rows.")] = 30,
    json: JsonOption = False,
) -> None:
    """List what accounts did: signing in, accounts, exports, erasures and backups, the newest first."""
    from peephole.cli.gallery import opened_store

    with opened_store(data) as store:
        rows = store.audit.recent(limit)
    if json:
        print_json([{**vars(row), "text": row.text} for row in rows])
    elif rows:
        print_table(("when", "who", "what"), [(local_time(row.time), row.who, row.text) for row in rows])
    else:
        print("nothing yet")
