"""Apprise: one address for each of many services, at home or on the Internet."""

import logging
import time
from datetime import datetime

import apprise
from apprise.attachment.memory import AttachMemory

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
        self._service = apprise.Apprise(service, asset=_ASSET)
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
        text = body(message, datetime.fromtimestamp(time.time()))
        try:
            sent = self._service.notify(
                text, title=message.line, attach=attached, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # a plug-in of many, and what it raises may tell the address
            raise NotSent(f"Apprise fails ({type(error).__name__})") from None
        if not sent:
            raise NotSent("it does not take the message, or cannot be reached")


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
