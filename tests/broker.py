"""A real MQTT broker on a free port, and a client that hears everything."""

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ports import free_port
from waiting import PATIENCE, until


def need_mosquitto() -> str:
    """The program; the test is skipped where there is none."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("needs mosquitto")
    return program


class Broker:
    """mosquitto in a process of its own, which forgets everything when it stops; `lines` add to its settings."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._program = need_mosquitto()
        self._config = folder / "mosquitto.conf"
        allowed = [] if any(line.startswith("allow_anonymous") for line in lines) else ["allow_anonymous true"]
        user = ["user root"] if os.geteuid() == 0 else []
        self._config.write_text("\n".join([f"listener {self.port} 127.0.0.1", *allowed, *user, *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers)

    def stop(self) -> None:
        """Stop as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, "mosquitto does not start"
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Ear:
    """A client that hears every topic; `heard` holds (topic, payload, retained) in order."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self.heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe("#", 1)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE)

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        """Publish, and wait until the broker has it."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE)

    def on(self, topic: str) -> list[str]:
        """Everything heard on a topic."""
        return [payload.decode() for where, payload, _ in self.heard if where == topic]

    def wait_for(self, topic: str, payload: str | None = None) -> str:
        """Wait for a payload, or for any, on a topic, and return the newest one there."""
        until(lambda: self.on(topic) != [] if payload is None else payload in self.on(topic)[-1:])
        return self.on(topic)[-1]

    def __enter__(self) -> "Ear":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()  # a pair that wakes the thread, which paho leaves to the collector
