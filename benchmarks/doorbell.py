"""What a running doorbell takes: time to the first frame, processor while nothing happens, memory, handles.

    python benchmarks/doorbell.py [--json] [--idle SECONDS] [--soak MINUTES] [--sources N]

Needs the `demo` extra. The pictures are those of the demo, sent as network cameras send them (MJPEG over HTTP, on this
machine): five frames a second of the empty garden with a sensor's noise for the idle doorbell, twelve a second of
people who come and go for the soak, in which each source has a process of its own.
"""

import argparse
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2

from peephole.vision.sources.demo import PAUSE, RATE, DemoSource
from peephole.vision.sources.demo.walk import WALK

RUN = (sys.executable, "-m", "peephole", "run", "--json", "--port", "0")
IDLE_RATE, STARTS, WARM_UP = 5, 3, 10.0
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

    def __init__(self, source: str, folder: Path) -> None:
        environment = os.environ | {"PEEPHOLE_LOG__FORMAT": "json", "XDG_CONFIG_HOME": str(folder / "settings")}
        self.visits, self.seconds_to_first_frame = 0, 0.0
        self._first = threading.Event()
        self._begin = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*RUN, "--source", source, "--data", str(folder / "data")],
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
        """Return the seconds from the start of the process to its first frame."""
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
        self.visits += event["event"] == "visit"

    def _line(self, line: dict[str, Any]) -> None:
        if line.get("reason") == "watching" and not self._first.is_set():
            self.seconds_to_first_frame = time.monotonic() - self._begin
            self._first.set()


def start(source: str, folder: Path) -> dict[str, list[float]]:
    """Start it some times; the first time makes its folder. What else the machine does makes it slower, not dearer."""
    seconds, cpu_seconds = [], []
    for _ in range(STARTS):
        doorbell = Doorbell(source, folder)
        seconds.append(round(doorbell.wait_for_a_frame(), 2))
        cpu_seconds.append(round(doorbell.cpu_seconds(), 2))
        doorbell.stop()
    return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def idle(seconds: float, folder: Path) -> dict[str, float]:
    """Measure a doorbell before which nothing happens."""
    camera = Camera(jpegs(round(PAUSE * RATE)), IDLE_RATE)
    doorbell = Doorbell(camera.url, folder)
    connected = doorbell.wait_for_a_frame()
    time.sleep(WARM_UP)
    begin, before = time.monotonic(), doorbell.cpu_seconds()
    time.sleep(seconds)
    share = (doorbell.cpu_seconds() - before) / (time.monotonic() - begin)
    found = {"first_frame_s": connected, "cores": share, "memory_mib": doorbell.memory(), "handles": doorbell.handles()}
    doorbell.stop()
    camera.shutdown()
    return {name: round(value, 3) for name, value in found.items()}


def soak(minutes: float, sources: int, folder: Path) -> dict[str, Any]:
    """Watch several sources at once, each in a process of its own, and compare visits with walks."""
    shown = jpegs(WALKS * WALK_FRAMES)
    cameras = [Camera(shown, RATE) for _ in range(sources)]
    doorbells = [Doorbell(camera.url, folder / f"door-{number}") for number, camera in enumerate(cameras)]
    for doorbell in doorbells:
        doorbell.wait_for_a_frame()
    samples: list[list[tuple[float, int]]] = []
    begin, cpu = time.monotonic(), [doorbell.cpu_seconds() for doorbell in doorbells]
    while time.monotonic() - begin < 60 * minutes:
        time.sleep(min(15.0, 60 * minutes))
        samples.append([(doorbell.memory(), doorbell.handles()) for doorbell in doorbells])
    taken = time.monotonic() - begin
    cores = [(doorbell.cpu_seconds() - one) / taken for doorbell, one in zip(doorbells, cpu, strict=True)]
    sent = [camera.sent for camera in cameras]
    for doorbell in doorbells:
        doorbell.stop()
    early = samples[min(len(samples) - 1, 3)]
    return {
        "minutes": minutes,
        "cores": [round(one, 3) for one in cores],
        # One more may have begun at the end; it is a visit too.
        "whole_walks": [(count + round(PAUSE * RATE / 2)) // WALK_FRAMES for count in sent],
        "visits": [doorbell.visits for doorbell in doorbells],
        "memory_mib_after_a_minute": [round(memory, 1) for memory, _ in early],
        "memory_mib_at_the_end": [round(memory, 1) for memory, _ in samples[-1]],
        "handles_after_a_minute": [handles for _, handles in early],
        "handles_at_the_end": [handles for _, handles in samples[-1]],
    }


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--idle", type=float, default=30.0, metavar="SECONDS", help="how long nothing happens")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="how long people come and go")
    parser.add_argument("--sources", type=int, default=4, metavar="N", help="of the soak")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "start": start("demo", folder / "start")}
        if arguments.idle:
            found["idle"] = idle(arguments.idle, folder / "idle")
        if arguments.soak:
            found["soak"] = soak(arguments.soak, arguments.sources, folder / "soak")
    if arguments.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
