"""Who delivers a message to a target; what goes wrong is said without the address, which may hold a token."""

import ipaddress
from dataclasses import dataclass
from typing import Protocol

from peephole.extras import missing
from peephole.notify.settings import Target
from peephole.notify.words import Notification
from peephole.secret import read_secret

ANSWER_SECONDS = 8.0
"""So long a target may take for each step of an answer."""


class NotSent(Exception):  # noqa: N818 - it says what happened
    """A message was not delivered; the text says why, to go behind the name of the target and a colon."""


@dataclass(frozen=True)
class Peer:
    """Where messages go, without credentials.

    Attributes:
        name: for people ("ntfy at 192.168.1.5:8080", "Telegram").
        leaves_the_house: Whether that is on the Internet, as far as the address tells.
    """

    name: str
    leaves_the_house: bool

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.name}, on the Internet" if self.leaves_the_house else self.name


class Sender(Protocol):
    """Delivers messages to one target; belongs to one thread at a time."""

    peer: Peer
    takes_pictures: bool

    def send(self, message: Notification) -> None:
        """Deliver a message, or raise NotSent."""


def sender_of(target: Target, timeout: float = ANSWER_SECONDS) -> Sender:
    """Return who delivers to a target; nothing is sent yet.

    Raises:
        OSError: the address or the key lies in a file that cannot be read.
        ValueError: the address is none.
        ImportError: Apprise is not installed.
    """
    what = f"notify target {target.name}"
    try:
        address = read_secret(target.url, what).decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"{what}: the address is no text") from error
    if target.service == "webhook":
        from peephole.notify.webhook import Webhook

        key = read_secret(target.key, what) if target.key is not None else None
        return Webhook(what, address, key, timeout)
    try:
        from peephole.notify.apprise_sender import AppriseSender
    except ModuleNotFoundError as error:
        raise ImportError(missing(what, error.name, "notify")) from error
    return AppriseSender(what, address, timeout)


def at_home(host: str) -> bool:
    """Say whether a host is one of the owner's own network, as far as its name or number tells."""
    if not is_number(host):
        name = host.rstrip(".").casefold()
        return "." not in name or name.endswith((".local", ".lan", ".home", ".internal", ".home.arpa"))
    address = ipaddress.ip_address(host.strip("[]"))
    return address.is_private or address.is_loopback or address.is_link_local


def is_number(host: str) -> bool:
    """Say whether a host is given by its IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
