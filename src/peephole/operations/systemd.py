"""What a service tells systemd: one datagram a message, as sd_notify(3) describes it."""

import os
import socket


def notify(*lines: str) -> bool:
    """Send lines such as `READY=1` to $NOTIFY_SOCKET; tell whether somebody takes them."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    return True


def watchdog_seconds() -> float | None:
    """Return after how long a silence systemd starts this process anew; None where it does not watch."""
    text, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not (text.isascii() and text.isdigit() and int(text) > 0) or process not in (None, str(os.getpid())):
        return None
    return int(text) / 1e6
