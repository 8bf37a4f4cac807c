"""Addresses of targets as an owner types them on the page: few kinds of services, and none that reads files here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """A kind of service that an owner chooses by name.

    Attributes:
        title: what it is called.
        form: what its address looks like, for people.
        service: of the settings (`notify.settings.Target.service`).
        schemes: what an address may begin with, and what that is for Apprise.
        parts: so many there must be between slashes, after the scheme.
    """

    title: str
    form: str
    service: Literal["apprise", "webhook"] = "apprise"
    schemes: Mapping[str, str] = field(default_factory=dict)
    parts: int = 2


KINDS: Mapping[str, Kind] = {
    "ntfy": Kind(
        "ntfy, an app for phones",
        "https://ntfy.sh/YOUR-TOPIC",
        schemes={"https": "ntfys", "http": "ntfy", "ntfys": "ntfys", "ntfy": "ntfy"},
    ),
    "gotify": Kind(
        "Gotify, a server of your own",
        "https://SERVER/TOKEN",
        schemes={"https": "gotifys", "http": "gotify", "gotifys": "gotifys", "gotify": "gotify"},
    ),
    "telegram": Kind("Telegram", "tgram://TOKEN-OF-THE-BOT/NUMBER-OF-THE-CHAT", schemes={"tgram": "tgram"}),
    "mail": Kind(
        "Mail",
        "mailto://NAME:PASSWORD@PROVIDER",
        schemes={"mailto": "mailto", "mailtos": "mailtos"},
        parts=1,
    ),
    "webhook": Kind("A program of your own (webhook)", "http://ADDRESS/PATH", "webhook"),
}
"""What the page offers. Everything else that Apprise knows is named in the settings file: some of its services read
files of this machine where an address asks for it, which is not for whoever is signed in to the page."""


def address_of(kind: str, typed: str) -> str:
    """Return an address as the settings have it; raises ValueError, without the address, for one that is none."""
    chosen = KINDS.get(kind)
    if chosen is None:
        raise ValueError(f"choose one of {', '.join(KINDS)}")
    address = typed.strip()
    if not address.isprintable() or " " in address:
        raise ValueError("an address has no blanks within it")
    if chosen.service == "webhook":
        return address
    scheme, found, rest = address.partition("://")
    if any(mark in rest for mark in "?#\\"):
        raise ValueError("an address with options, after a ? or a #, is named in the settings file")
    parts = [part for part in rest.split("/") if part]
    if not found or scheme.lower() not in chosen.schemes or len(parts) < chosen.parts:
        raise ValueError(f"the address has to look like {chosen.form}")
    return f"{chosen.schemes[scheme.lower()]}://{rest}"
