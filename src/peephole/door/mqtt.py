"""A lock that opens on a message of the broker. One message over a connection made for it, and none that goes out late.

The messages have QoS 0 and are not retained: no broker keeps them for a lock that is away. Where a lock hangs, they
expire at the broker (MQTT 5) after the time limit.
"""

import math
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from peephole.door.actuator import UnclearError
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.tls import tls_of
from peephole.mqtt.trouble import plain
from peephole.secret import read_secret

LIMIT_SECONDS = 5.0
_ABORT = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing drops what the kernel has not sent yet, instead of trying for minutes."""


@dataclass(frozen=True)
class Messages:
    """What is published: on which topic, what opens, and what shuts; empty where the lock shuts by itself."""

    topic: str
    opening: str
    closing: str = ""


@dataclass
class _Heard:
    """What the broker has said on a connection."""

    connected: ReasonCode | None = None
    processed: bool = False


class MqttLock:
    """Publishes what opens and what shuts (see `actuator.Actuator`); a lock that hears it has a timer of its own."""

    def __init__(self, broker: Mqtt, messages: Messages, limit: float = LIMIT_SECONDS) -> None:
        """Note where to; `limit` in seconds is for connecting and publishing together."""
        self._broker = broker
        self._messages = messages
        self._limit = limit
        self._to_be_shut = bool(messages.closing)  # whoever was here before may have been killed
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Read the password and the certificate; where there is a message that shuts, publish it if that can be."""
        self._client(_Heard())
        self.secure()

    def release(self, seconds: float) -> None:
        """Publish what opens; raises OSError where that did not go out, and UnclearError where it may have."""
        begun = time.monotonic()  # and not once another message has gone out
        with self._lock:
            try:
                self._publish(self._messages.opening, begun)
            except UnclearError:
                self._to_be_shut = bool(self._messages.closing)
                raise
            self._to_be_shut = bool(self._messages.closing)

    def secure(self) -> None:
        """Publish what shuts, if that has not been done since the last opening; where it fails, the next call tries."""
        with self._lock:
            if self._to_be_shut:
                with suppress(OSError, ValueError):
                    self._publish(self._messages.closing, time.monotonic())
                    self._to_be_shut = False

    def close(self) -> None:
        """Shut; no connection is held."""
        self.secure()

    def connections(self) -> tuple[str, ...]:
        """Return the broker."""
        scheme = "mqtts" if self._broker.tls else "mqtt"
        return (f"{scheme}://{self._broker.address}: opens the door ({self._messages.topic})",)

    def _publish(self, payload: str, begun: float) -> None:
        """Publish within the limit, from `begun` (time.monotonic()) on, or not at all."""
        where = f"the MQTT broker {self._broker.address}"
        heard, sent = _Heard(), False
        client = self._client(heard)

        def in_time() -> bool:
            return time.monotonic() - begun < self._limit

        try:
            client.connect_timeout = self._limit
            client.connect(self._broker.host or "", self._broker.used_port, math.ceil(self._limit), clean_start=True)
            _work(client, lambda: heard.connected is not None, in_time)
            if heard.connected is None or heard.connected.is_failure:
                raise OSError(f"it refuses the doorbell: {heard.connected}")
            if not in_time():
                raise TimeoutError
            sent = True
            client.publish(self._messages.topic, payload, qos=0, retain=False, properties=self._expiring())
            client.unsubscribe(self._messages.topic)  # it answers in order, and then has the message, too
            _work(client, lambda: heard.processed, in_time)
        except (OSError, ValueError) as error:
            why = "no answer in time" if not in_time() else plain(error)
            if sent:
                raise UnclearError(f"{where} did not answer ({why}); whether the door opened is not known") from error
            raise OSError(f"{where} cannot be reached ({why})") from error
        finally:
            _end(client, abort=not heard.processed)

    def _client(self, heard: _Heard) -> paho.Client:
        """Return a client that is not connected; raises OSError or ValueError where a setting cannot be used."""
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.on_connect = lambda _client, _data, _flags, code, _properties: setattr(heard, "connected", code)
        client.on_unsubscribe = lambda *_: setattr(heard, "processed", True)
        if self._broker.user is not None:
            password = self._broker.password
            secret = None if password is None else read_secret(password, "the broker's password")
            client.username_pw_set(self._broker.user, None if secret is None else secret.decode("utf-8", "replace"))
        if (tls := tls_of(self._broker)) is not None:
            client.tls_set_context(tls)
        return client

    def _expiring(self) -> Properties:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = math.ceil(self._limit)
        return properties


def _work(client: paho.Client, done: Callable[[], bool], in_time: Callable[[], bool]) -> None:
    """Read and write until it is done; raises OSError where that does not come in time, or the connection ends."""
    while not done():
        if not in_time():
            raise TimeoutError
        code = client.loop(0.05)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and not done():
            raise OSError(paho.error_string(code).rstrip(".").lower())


def _end(client: paho.Client, abort: bool) -> None:
    """Leave the broker; abort: what has not gone out yet must not any more."""
    connection = client.socket()
    if connection is None:
        return
    with suppress(OSError):
        if abort and isinstance(connection, socket.socket):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        else:
            client.disconnect()
    with suppress(OSError):
        connection.close()
