"""What a household with everything switched on has besides its cameras, for benchmarks/doorbell.py.

A broker (mosquitto, where it is installed), a webhook, another door to share people with, somebody for whom the door
would open, and a browser that has the page open.
"""

import http.cookiejar
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import cv2

from peephole.vision.sources.demo import EILEEN, head_of

OWNER = {"name": "Olga", "password": "correct horse battery", "again": "correct horse battery"}
SETTINGS = """
[door]
mode = "dry-run"
liveness = "required"

[[notify.targets]]
name = "phone"
service = "webhook"
url = "text:http://127.0.0.1:{webhook}/"
events = ["known", "stranger", "unsure", "opened"]
pictures = true

[sync]
name = "Front"
folder = "{folder}/shared"
keys = "{folder}/front.key"
"""
MQTT = """
[mqtt]
host = "127.0.0.1"
port = {port}
pictures = "visits"
"""


class _Sink(http.server.BaseHTTPRequestHandler):
    """Takes what is sent to it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def services(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Start what the household talks to, and introduce somebody; give its settings, and the names of the services."""
    folder.mkdir(parents=True)
    (folder / "shared").mkdir()
    with ExitStack() as ends:
        webhook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
        threading.Thread(target=webhook.serve_forever, daemon=True).start()
        ends.callback(webhook.shutdown)
        settings = SETTINGS.format(webhook=webhook.server_address[1], folder=folder)
        names = ["door in a dry run with its check against photos", "webhook", "sync"]
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is not None:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
            broker = subprocess.Popen(  # noqa: S603
                [program, "-c", str(folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            ends.callback(broker.kill)
            settings += MQTT.format(port=port)
            names.append("mosquitto")
        _introduce(folder, settings)
        yield settings, names


def _introduce(folder: Path, settings: str) -> None:
    """Somebody known for whom the door may open, and a door to share her with."""
    (folder / "front.toml").write_text(settings)
    (folder / "back.toml").write_text(f'[sync]\nname = "Back"\nkeys = "{folder}/back.key"\n')
    photo, data = folder / "eileen.png", ("--data", str(folder / "data"))
    cv2.imwrite(str(photo), head_of(EILEEN))

    def run(*arguments: str) -> str:
        environment = os.environ | {"XDG_CONFIG_HOME": str(folder / "settings")}
        command = [sys.executable, "-m", "peephole", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603

    run("people", "add", "Eileen", str(photo), *data)
    run("people", "rules", "Eileen", "--may-open", "--consent", "she did", *data)
    back = json.loads(run("doors", "show", "--json", "--config", str(folder / "back.toml")))
    run("doors", "trust", "Back", back["public"], *data, "--config", str(folder / "front.toml"))


class Browser:
    """Has the page open as a browser has: live pictures, events, and now and then the page itself with its pictures."""

    def __init__(self, page: str, cameras: Sequence[str]) -> None:
        """Become the owner, and begin to look."""
        self.frames = self.events = self.pages = 0
        self._page = page.rstrip("/")
        self._over = threading.Event()
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
        self._open("/welcome", urlencode(OWNER).encode()).read()
        streams = [(f"/live.mjpeg?camera={quote(name)}", b"\r\n--", "frames") for name in cameras]
        looks = [*streams, ("/api/events", b"event:", "events")]
        threads = [threading.Thread(target=self._follow, args=look, daemon=True) for look in looks]
        threads.append(threading.Thread(target=self._turn_pages, daemon=True))
        for thread in threads:
            thread.start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()

    def _open(self, path: str, data: bytes | None = None) -> Any:
        return self._opener.open(urllib.request.Request(self._page + path, data), timeout=60)  # noqa: S310

    def _follow(self, path: str, mark: bytes, counter: str) -> None:
        with suppress(OSError, ValueError), self._open(path) as answer:
            while not self._over.is_set() and (piece := answer.read1(1 << 16)):
                setattr(self, counter, getattr(self, counter) + piece.count(mark))

    def _turn_pages(self) -> None:
        while not self._over.wait(10):
            with suppress(OSError):
                for path in ("/", "/visits", "/people", "/strangers", "/settings/door"):
                    self._open(path).read()
                self.pages += 1
