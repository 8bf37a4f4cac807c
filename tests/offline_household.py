"""A household that lives a day without a network; run in a process of its own, which may be in a namespace.

    python tests/offline_household.py FOLDER

Records somebody's walk to the door as a film, watches it with `peephole run`, names the stranger on the page, makes a
backup, and prints as JSON what worked, and every address that any of the processes asked for or connected to.
"""

import fcntl
import json
import os
import socket
import struct
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import cv2

HOOK = """
import os, sys
def hook(event, arguments, place=os.environ.get("PEEPHOLE_TEST_ADDRESSES")):
    if place and event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
                           "socket.gethostbyname", "socket.gethostbyaddr"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[0]
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{event} {address!r}\\n".encode())
        os.close(handle)
sys.addaudithook(hook)
"""


def bring_loopback_up() -> None:
    """Do what `ip link set lo up` does."""
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket() as one:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(one, get_flags, request))[1]
        if not flags & up:
            fcntl.ioctl(one, set_flags, struct.pack("16sh14x", b"lo", flags | up))


def film(path: Path) -> None:
    """Write the demo's first walk, three times as fast as life."""
    from peephole.vision.sources.demo import PAUSE, RATE, DemoSource
    from peephole.vision.sources.demo.walk import WALK

    first, last = round(PAUSE * RATE) - 2, round((PAUSE + WALK) * RATE)
    writer = None
    for _, frame in zip(range(last), DemoSource(), strict=False):
        if frame.number < first:
            continue
        if writer is None:
            size = frame.image.shape[1], frame.image.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 3 * RATE, size)
        writer.write(frame.image)
    assert writer is not None
    writer.release()


def live_a_day(folder: Path) -> dict[str, object]:
    """Return what worked."""
    from commands import process
    from running import Running, start

    def ask(running: Running, path: str, form: dict[str, str] | None = None) -> bytes:
        data = None if form is None else urlencode(form).encode()
        request = urllib.request.Request(running.url + path, data, {"cookie": running.session})  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return bytes(answer.read())

    film(folder / "walk.avi")
    (folder / "passphrase").write_text("correct horse battery staple\n")
    running = start("--data", folder / "data", "--source", folder / "walk.avi")
    try:
        strangers: list[dict[str, object]] = []
        deadline = time.monotonic() + 30
        while not strangers and time.monotonic() < deadline:
            time.sleep(0.2)
            strangers = json.loads(ask(running, "api/strangers"))
        picture = ask(running, "live.jpg")
        page = ask(running, "").decode()
        ask(running, f"api/strangers/{strangers[0]['id']}/assign", {"name": "Eileen"})
        people = [one["name"] for one in json.loads(ask(running, "api/people"))]
        data = ("--data", folder / "data")
        backup = process("backup", folder / "backup", *data, "--passphrase", f"file:{folder / 'passphrase'}")
    finally:
        code = running.stop()
        running.process.communicate()
    return {
        "strangers": len(strangers),
        "picture": picture[:2] == b"\xff\xd8",
        "page": "peephole" in page,
        "elsewhere": [word for word in ("http://", "https://", "//cdn") if word in page],
        "people": people,
        "backup": (backup.returncode, backup.stderr),
        "exit": code,
    }


def reaches(address: str) -> bool:
    """Tell whether there is a way to an address; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect((address, 9))
        except OSError:
            return False
    return True


def alone(folder: Path) -> bool:
    """Make ready to live without a network, with each address that is asked for noted; tell whether there is one."""
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    outside = reaches("192.0.2.1")
    bring_loopback_up()
    os.environ["PYTHONPATH"] = str(hook)
    os.environ["PEEPHOLE_TEST_ADDRESSES"] = str(folder / "addresses")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "settings")
    return outside


def asked(folder: Path) -> list[str]:
    """Return what was asked for, each once."""
    return sorted(set((folder / "addresses").read_text().splitlines()))


def main() -> None:
    """Live a day and print how it was."""
    folder = Path(sys.argv[1])
    outside = alone(folder)
    print(json.dumps({**live_a_day(folder), "outside": outside, "asked": asked(folder)}))


if __name__ == "__main__":
    main()
