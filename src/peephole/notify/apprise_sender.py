"""Apprise: one address for each of many services, at home or on the Internet."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

import apprise
from apprise.attachment.memory import AttachMemory

from peephole.notify.action_links import Action
from peephole.notify.senders import NotSent, Peer, at_home, is_number
from peephole.notify.words import Notification, body

for _words in ("apprise", "urllib3.connectionpool"):  # which tell addresses, and are heard by nobody
    logging.getLogger(_words).disabled = True

_ASSET = apprise.AppriseAsset(
    app_id="peephole",
    app_desc="peephole",
    app_url="",
    image_url_mask="",  # else phones are told to fetch the library's own pictures from the Internet
    image_path_mask="",
    storage_mode="memory",
    http_redirects=False,
    async_mode=False,
)


class AppriseSender:
    """Delivers by Apprise, which knows no more of an answer than whether it was a good one."""

    def __init__(self, what: str, address: str, timeout: float) -> None:
        """Read the address; raises ValueError, naming `what` it is of, where Apprise cannot use it."""
        service = apprise.Apprise.instantiate(address, asset=_ASSET, suppress_exceptions=True)
        if service is None or len(service) == 0:
            raise ValueError(f"{what}: Apprise cannot use this address; its forms are on appriseit.com")
        service.socket_connect_timeout = service.socket_read_timeout = timeout
        self._service = service
        self._timeout = timeout
        self._buttons = service.service_name == "ntfy" and "actions=" not in _address(service)
        """Whether the service shows buttons, and the owner has not named others in the address."""
        self.peer = _peer(service)
        if not self.peer.leaves_the_house:
            service.request_rate_per_sec = 0  # only operators of public services ask for pauses between messages
        self.takes_pictures = bool(service.attachment_support)

    def send(self, message: Notification) -> None:
        """Deliver a message, or raise NotSent."""
        attached = None
        if message.picture is not None and self.takes_pictures:
            picture = AttachMemory(content=message.picture, name="visitor.jpg", mimetype="image/jpeg")  # type: ignore[no-untyped-call]
            attached = apprise.AppriseAttachment(picture)
        service = self._service
        if self._buttons and message.actions:
            service = _with_buttons(service, message.actions)
            message = replace(message, actions=())
        text = body(message, datetime.fromtimestamp(time.time()))
        try:
            sent = apprise.Apprise(service, asset=_ASSET).notify(
                text, title=message.line, attach=attached, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # a plug-in of many, and what it raises may tell the address
            raise NotSent(f"Apprise fails ({type(error).__name__})") from None
        if not sent:
            raise NotSent("it does not take the message, or cannot be reached")


def _with_buttons(service: apprise.NotifyBase, actions: Sequence[Action]) -> apprise.NotifyBase:
    """Return a service of ntfy that shows buttons with its next message; where it cannot be made, the same one."""
    buttons = "; ".join(f"view, {action.label}, {action.url}" for action in actions)
    address = _address(service)
    joined = f"{address}{'&' if '?' in address else '?'}actions={quote(buttons, safe='')}"
    made = apprise.Apprise.instantiate(joined, asset=_ASSET, suppress_exceptions=True)
    if made is None:
        return service
    made.socket_connect_timeout, made.socket_read_timeout = service.socket_connect_timeout, service.socket_read_timeout
    made.request_rate_per_sec = service.request_rate_per_sec
    return made


def _address(service: apprise.NotifyBase) -> str:
    return str(service.url(privacy=False))  # type: ignore[no-untyped-call]


def _peer(service: apprise.NotifyBase) -> Peer:
    """Return where a service is; an address that may have a token in the host's place shows no part of itself."""
    name = str(service.service_name)
    if not _has_host(service):
        return Peer(name, leaves_the_house=name not in _OF_THIS_MACHINE)
    host = getattr(service, "smtp_host", None) or service.host
    port = f":{service.port}" if service.port else ""
    return Peer(f"{name} at {host}{port}", not at_home(host))


def _has_host(service: apprise.NotifyBase) -> bool:
    """Say whether what the library calls the host of an address is one, whichever of its forms the address has."""
    if not service.host or getattr(service, "mode", None) == "cloud":
        return False
    forms: tuple[str, ...] = type(service).templates
    return all("{host}" in form for form in forms) or service.service_name == "ntfy" or is_number(service.host)


_OF_THIS_MACHINE = frozenset(f"{name} Notification" for name in ("DBus", "GLib", "Gnome", "MacOSX", "Windows")) | {
    "Syslog"
}
"""Names of services that need no host because they are on this machine."""
