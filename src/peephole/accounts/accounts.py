"""Signing in and out."""

import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass

from peephole.accounts.passwords import hashed, matches
from peephole.accounts.records import Account, AccountsShelf, Role, Session
from peephole.accounts.throttle import Throttle
from peephole.people.names import clean_name, name_key

IDLE_SECONDS = 30 * 24 * 3600.0
_TOUCH_SECONDS = 60.0
_NOBODY = ""
"""Whose the failures are with a name that nobody has, and with the code; together, so that they take no memory."""


class TooManyTriesError(Exception):
    """Somebody guesses; the sentence says how long to wait, `seconds` too."""

    def __init__(self, seconds: float) -> None:
        """Say it."""
        self.seconds = max(1, round(seconds))
        super().__init__(f"too many tries; wait {self.seconds} seconds")


@dataclass(frozen=True)
class Entered:
    """Somebody signed in; `token` is the browser's secret, of which only the hash is kept."""

    account: Account
    token: str


class Accounts:
    """Accounts and sessions of one household; any thread.

    Before there is an owner, whoever sits at this machine may become it; from elsewhere the `code` is needed, which is
    shown where the doorbell was started.
    """

    def __init__(self, shelf: AccountsShelf) -> None:
        """Work on a store."""
        self.code = f"{secrets.randbelow(10**8):08}"
        self._shelf = shelf
        self._throttle = Throttle()
        self._shelf.end_unused(time.time() - IDLE_SECONDS)

    def any(self) -> bool:
        """Tell whether there is an account yet."""
        return bool(self._shelf.all())

    def found(self, name: str, password: str, code: str, address: str) -> Entered:
        """Make the first account, an owner.

        Raises:
            ValueError: there is one already, the code is wrong, or name or password cannot be.
            TooManyTriesError: the code was guessed too often.
        """
        if not is_local(address):
            self._try(address)
            if not hmac.compare_digest(code.strip().encode(), self.code.encode()):
                raise ValueError("this is not the code that the doorbell showed where it was started")
            self._throttle.succeeded(address, _NOBODY)
        account = Account(clean_name(name, "an account"), "owner", hashed(password), time.time())
        if not self._shelf.add(account, first=True):
            raise ValueError("this doorbell has an owner already; sign in")
        return self._entered(account)

    def enter(self, name: str, password: str, address: str) -> Entered:
        """Sign in.

        Raises:
            ValueError: name or password are wrong; it is not said which.
            TooManyTriesError: they were too often.
        """
        account = self._shelf.find(name)
        self._try(address, account)
        if not matches(password, account.password if account is not None else None) or account is None:
            raise ValueError("name or password are wrong")
        self._throttle.succeeded(address, name_key(account.name))
        return self._entered(account)

    def session(self, token: str) -> Session | None:
        """Return the session of a token; None for one that ended or never was."""
        key, now = _key(token), time.time()
        session = self._shelf.session(key)
        if session is None:
            return None
        if now - session.used > IDLE_SECONDS:
            self._shelf.end(key)
            return None
        if now - session.used > _TOUCH_SECONDS:
            self._shelf.touch(key, now)
        return session

    def leave(self, token: str) -> None:
        """Sign out."""
        self._shelf.end(_key(token))

    def change_password(self, account: Account, old: str, new: str, address: str) -> Entered:
        """Take another password; every other session of the account ends.

        Raises ValueError and TooManyTriesError as `enter`.
        """
        self.enter(account.name, old, address)
        self._shelf.set_password(account.name, hashed(new))
        return self._entered(account)

    def confirm(self, account: Account, password: str, address: str) -> None:
        """Make sure that who asks knows the account's password; raises ValueError and TooManyTriesError as `enter`."""
        stored = self._shelf.find(account.name)
        self._try(address, stored)
        if stored is None or not matches(password, stored.password):
            raise ValueError("this is not your password")
        self._throttle.succeeded(address, name_key(stored.name))

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return self._shelf.all()

    def add(self, account: Account) -> None:
        """Let somebody sign in; raises ValueError where the name is taken."""
        if not self._shelf.add(account):
            raise ValueError(f"{account.name}: there is an account of this name already")

    def remove(self, name: str) -> None:
        """Let an account sign in no more; raises ValueError for the last owner, and for a name that nobody has."""
        self._shelf.remove(name)

    def leave_elsewhere(self, account: Account, token: str) -> int:
        """End every session of an account but the one of a token; return how many those were."""
        return self._shelf.end_others(account.name, _key(token))

    def _try(self, address: str, account: Account | None = None) -> None:
        key = _NOBODY if account is None else name_key(account.name)
        if seconds := self._throttle.take(address, key, time.monotonic()):
            raise TooManyTriesError(seconds)

    def _entered(self, account: Account) -> Entered:
        token = secrets.token_urlsafe(32)
        self._shelf.add_session(_key(token), account.name, time.time())
        return Entered(account, token)


def new_account(name: str, role: Role, password: str) -> Account:
    """Return an account that is not stored yet; raises ValueError for a name or password that cannot be."""
    return Account(clean_name(name, "an account"), role, hashed(password), time.time())


def is_local(address: str) -> bool:
    """Tell whether a client's address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
