"""What a running doorbell takes: time to the first frame, processor while nothing happens, memory, handles.

    python benchmarks/doorbell.py [--json] [--idle SECONDS] [--soak SECONDS] [--services SECONDS] [--cameras N]

Needs the `demo` extra. The pictures are those of the demo, sent as network cameras send them (MJPEG over HTTP, on this
machine): five frames a second of the empty garden with a sensor's noise for the idle doorbell, twelve a second of
people who come and go for the soak, in which one process watches all cameras. With --services the doorbell also has a
broker, a webhook, a door in a dry run with its check against photos, another door to share people with, and a browser
on its page.
"""

import argparse
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
from doorbell_services import Browser, services

from peephole.vision.sources.demo import PAUSE, RATE, DemoSource
from peephole.vision.sources.demo.walk import WALK

RUN = (sys.executable, "-m", "peephole", "run", "--json", "--port", "0")
IDLE_RATE, STARTS, WARM_UP, SAMPLE = 5, 3, 10.0, 15.0
WALK_FRAMES = round(PAUSE * RATE) + round(WALK * RATE)
WALKS = 4


class Camera(http.server.ThreadingHTTPServer):
    """Sends its JPEGs round and round at `rate`; `sent` counts the frames of the newest viewer."""

    daemon_threads = True

    def __init__(self, jpegs: Sequence[bytes], rate: float) -> None:
        super().__init__(("127.0.0.1", 0), _Stream)
        self.jpegs, self.rate, self.sent = jpegs, rate, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/live"


class _Stream(http.server.BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        """Send frames until the viewer leaves, none later for the one before it."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        begin, self.server.sent = time.monotonic(), 0
        try:
            while True:
                jpeg = self.server.jpegs[self.server.sent % len(self.server.jpegs)]
                self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                self.wfile.write(jpeg + b"\r\n")
                self.server.sent += 1
                time.sleep(max(0.0, begin + self.server.sent / self.server.rate - time.monotonic()))
        except OSError:
            return

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


def jpegs(count: int) -> list[bytes]:
    """Encode the first frames of the demo."""
    frames = zip(range(count), DemoSource(), strict=False)
    return [cv2.imencode(".jpg", frame.image)[1].tobytes() for _, frame in frames]


class Doorbell:
    """`peephole run` in a process of its own, with what it prints counted as it comes."""

    def __init__(self, sources: Sequence[str], folder: Path, settings: str = "") -> None:
        """Start it on one source, or on several as cameras of its settings. settings: the rest of these, as TOML."""
        environment = os.environ | {"PEEPHOLE_LOG__FORMAT": "json", "XDG_CONFIG_HOME": str(folder / "settings")}
        self.visits: Counter[str] = Counter()
        self.seconds_to_first_frame = 0.0
        self.problems: list[str] = []
        self.page = ""
        self._sources, self._watching = sources, set[str]()
        self._first = threading.Event()
        self._begin = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*RUN, *_choice(sources, folder, settings), "--data", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(stream, take), daemon=True)
            for stream, take in ((self.process.stdout, self._event), (self.process.stderr, self._line))
        ]
        for reader in self._readers:
            reader.start()

    def wait_for_a_frame(self) -> float:
        """Return the seconds from the start of the process to the first frame of each source."""
        if not self._first.wait(60):
            raise SystemExit("the doorbell had no frame within a minute")
        return self.seconds_to_first_frame

    def cpu_seconds(self) -> float:
        """Return the processor time that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return its resident memory in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def threads(self) -> int:
        """Return how many threads it has."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/task").iterdir())

    def handles(self) -> int:
        """Return how many files and sockets it has open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def stop(self) -> None:
        """End it, and wait for its last words."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        for reader in self._readers:
            reader.join(5)

    def _read(self, stream: Any, take: Callable[[dict[str, Any]], None]) -> None:
        for line in stream:
            if line.startswith("{"):
                take(json.loads(line))

    def _event(self, event: dict[str, Any]) -> None:
        if event["event"] == "visit":
            self.visits[event["camera"]] += 1
        elif event["event"] == "problem":
            self.problems.append(event["text"])

    def _line(self, line: dict[str, Any]) -> None:
        if found := re.search(r"the page is on (http://\S+)", line["event"]):
            self.page = found[1]
        if line.get("reason") in ("lost", "failed"):
            self.problems.append(line["event"])
        if line.get("reason") == "watching" and not self._first.is_set():
            self._watching.add(line["camera"])
            if len(self._watching) == len(self._sources):
                self.seconds_to_first_frame = time.monotonic() - self._begin
                self._first.set()


def _choice(sources: Sequence[str], folder: Path, settings: str) -> list[str]:
    """Return the options that name what is watched."""
    if len(sources) == 1 and not settings:
        return ["--source", sources[0]]
    folder.mkdir(parents=True, exist_ok=True)
    tables = [f'[[cameras]]\nname = "door {number}"\nsource = "{source}"\n' for number, source in enumerate(sources, 1)]
    (folder / "peephole.toml").write_text(settings + "".join(tables))
    return ["--config", str(folder / "peephole.toml")]


def start(source: str, folder: Path) -> dict[str, list[float]]:
    """Start it some times; the first time makes its folder. What else the machine does makes it slower, not dearer."""
    seconds, cpu_seconds = [], []
    for _ in range(STARTS):
        doorbell = Doorbell([source], folder)
        seconds.append(round(doorbell.wait_for_a_frame(), 2))
        cpu_seconds.append(round(doorbell.cpu_seconds(), 2))
        doorbell.stop()
    return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def idle(seconds: float, folder: Path) -> dict[str, float]:
    """Measure a doorbell before which nothing happens."""
    camera = Camera(jpegs(round(PAUSE * RATE)), IDLE_RATE)
    doorbell = Doorbell([camera.url], folder)
    connected = doorbell.wait_for_a_frame()
    time.sleep(WARM_UP)
    begin, before = time.monotonic(), doorbell.cpu_seconds()
    time.sleep(seconds)
    share = (doorbell.cpu_seconds() - before) / (time.monotonic() - begin)
    found = {"first_frame_s": connected, "cores": share, "memory_mib": doorbell.memory(), "handles": doorbell.handles()}
    doorbell.stop()
    camera.shutdown()
    return {name: round(value, 3) for name, value in found.items()}


def soak(seconds: float, cameras: int, folder: Path) -> dict[str, Any]:
    """Watch several cameras at once in one process, and compare visits with walks."""
    served = _cameras(cameras)
    doorbell = Doorbell([camera.url for camera in served], folder)
    found = _watched(doorbell, served, seconds)
    doorbell.stop()
    for camera in served:
        camera.shutdown()
    return {**found, "visits": _visits(doorbell, cameras)}


def household(seconds: float, cameras: int, folder: Path) -> dict[str, Any]:
    """Do the same with every service, and a browser that has the page open."""
    with services(folder) as (settings, names):
        served = _cameras(cameras)
        doorbell = Doorbell([camera.url for camera in served], folder, settings)
        doorbell.wait_for_a_frame()
        browser = Browser(doorbell.page, [f"door {number}" for number in range(1, cameras + 1)])
        found = _watched(doorbell, served, seconds)
        browser.close()
        doorbell.stop()
        for camera in served:
            camera.shutdown()
    seen = {"frames": browser.frames, "events": browser.events, "pages": browser.pages}
    return {**found, "visits": _visits(doorbell, cameras), "services": names, "browser": seen}


def _cameras(count: int) -> list[Camera]:
    shown = jpegs(WALKS * WALK_FRAMES)
    return [Camera(shown, RATE) for _ in range(count)]


def _watched(doorbell: Doorbell, served: Sequence[Camera], seconds: float) -> dict[str, Any]:
    first = doorbell.wait_for_a_frame()
    begin, cpu = time.monotonic(), doorbell.cpu_seconds()
    memory, handles, threads = [], [], []
    while (left := seconds - (time.monotonic() - begin)) > 0:
        time.sleep(min(SAMPLE, left))
        memory.append(round(doorbell.memory(), 1))
        handles.append(doorbell.handles())
        threads.append(doorbell.threads())
    cores = (doorbell.cpu_seconds() - cpu) / (time.monotonic() - begin)
    return {
        "seconds": seconds,
        "load": round(os.getloadavg()[0], 1),
        "first_frames_s": round(first, 2),
        "cores": round(cores, 3),
        # One more may have begun at the end; it is a visit too.
        "whole_walks": [(camera.sent + round(PAUSE * RATE / 2)) // WALK_FRAMES for camera in served],
        "problems": list(doorbell.problems),
        "memory_mib": memory,
        "handles": handles,
        "threads": threads,
    }


def _visits(doorbell: Doorbell, cameras: int) -> list[int]:
    return [doorbell.visits[f"door {number}"] for number in range(1, cameras + 1)]


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--idle", type=float, default=30.0, metavar="SECONDS", help="how long nothing happens")
    parser.add_argument("--soak", type=float, default=0.0, metavar="SECONDS", help="how long people come and go")
    parser.add_argument("--services", type=float, default=0.0, metavar="SECONDS", help="the same with everything on")
    parser.add_argument("--cameras", type=int, default=4, metavar="N", help="of these two")
    parser.add_argument("--no-start", action="store_true", help="leave out the three starts of the demo")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
        if not arguments.no_start:
            found["start"] = start("demo", folder / "start")
        if arguments.idle:
            found["idle"] = idle(arguments.idle, folder / "idle")
        if arguments.soak:
            found["soak"] = soak(arguments.soak, arguments.cameras, folder / "soak")
        if arguments.services:
            found["services"] = household(arguments.services, arguments.cameras, folder / "services")
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
