"""The link to the broker: a thread with an event loop of its own, which connects, publishes and obeys."""

import asyncio
import contextlib
import hmac
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

import aiomqtt

from peephole.live import Message, Presence, View
from peephole.mqtt import payloads
from peephole.mqtt.claim import Claim, this_machine
from peephole.mqtt.commands import Wish, subscriptions, wish
from peephole.mqtt.lock import LockedDoor
from peephole.mqtt.payloads import Publication
from peephole.mqtt.presence import Occupied
from peephole.mqtt.reporter import Household, Reporter
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.tls import tls_of
from peephole.mqtt.topics import OFFLINE
from peephole.mqtt.trouble import fault, sentence
from peephole.secret import read_secret

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
STEADY_SECONDS = 10.0
"""A connection that lasted so long was a good one; the next pause is the first again."""
STALE_SECONDS = 30.0
"""An event that could not be sent for so long is no news any more."""
RETRY_SECONDS = 5.0
"""When states that could not be read are read again."""
ANSWER_SECONDS = 5.0
KEEP_ALIVE = 30
MOST_WAITING = 256

_LOG = logging.getLogger(__name__)  # the library's words about single packets, which are shown to nobody
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


class Bell(Protocol):
    """What can be rung, from any thread."""

    def ring(self, source: str, camera: str = "") -> None:
        """Ring at a camera, the first where none is named; raise ValueError where there is no such camera."""


class BrokerLink:
    """Publishes what happens at a door, and rings and opens where the owner allows it (see `listening.Service`).

    `hear` only puts a message aside. Without a broker the states are kept and events get old; nothing waits for it.
    """

    def __init__(
        self,
        settings: Mqtt,
        household: Household,
        bell: Bell,
        lock: LockedDoor | None,
        tell: Callable[[str], None],
        machine: str | None = None,
    ) -> None:
        """Prepare; entering connects.

        lock: the door, None where none is set up. tell: is told in a sentence when trouble begins and when it ends.
        machine: which one this is, by `claim.this_machine`.
        """
        self._settings = settings
        self._bell = bell
        self._lock = lock if settings.allow_lock else None
        self._tell = tell
        self._claim = Claim(machine or this_machine())
        self._reporter = Reporter(household, settings, lock)
        self._topics = self._reporter.topics
        self._occupied = Occupied()
        self._heard: deque[Message] = deque(maxlen=MOST_WAITING)
        self._outbox: deque[tuple[float, Publication]] = deque(maxlen=MOST_WAITING)
        self._trouble: str | None = None
        self._fault: str | None = None
        self._connected_at: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._filled = asyncio.Event()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="mqtt", daemon=True)

    def hear(self, message: Message) -> None:
        """Put a message aside; never blocks."""
        occupied = self._occupied.change(message, time.monotonic())
        if not isinstance(message, View | Presence):
            self._heard.append(message)
        if occupied is not None:
            self._heard.append(Presence(("somebody",) if occupied else ()))
        elif isinstance(message, View | Presence):
            return
        self._call(self._wake.set)

    def connections(self) -> tuple[str, ...]:
        """Return the broker."""
        what = "rings, visits, names" + (" and pictures" if self._settings.pictures != "off" else "")
        return (f"mqtt{'s' if self._settings.tls else ''}://{self._settings.address}: {what}",)

    @property
    def connected(self) -> bool:
        """Whether the broker is there at this moment."""
        return self._connected_at is not None

    def trouble(self) -> str | None:
        """Return what the owner should put right, in one sentence."""
        if self._claim.contested and self._trouble is None:
            return self._contested()
        return self._trouble or self._fault

    def __enter__(self) -> "BrokerLink":
        """Start the thread."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what waits, say `offline` and end, within some seconds."""
        self._call(self._stop.set)
        self._thread.join(2 * ANSWER_SECONDS)

    def _call(self, work: Callable[[], None]) -> None:
        """Have the loop's thread do something; before and after the loop nothing is to be done."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(work)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake.set()
        self._ready.set()
        work = (self._listen(), self._stay_connected(), self._look_after())
        tasks = [asyncio.create_task(one) for one in work]
        await self._stop.wait()
        self._filled.set()
        await asyncio.wait(tasks[1:2], timeout=ANSWER_SECONDS)
        await _ended(tasks)

    async def _listen(self) -> None:
        """Turn what was heard into what is to be published, whether there is a broker or not."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._take_in()

    def _take_in(self) -> None:
        told, self._fault = self._fault, None
        while self._heard:
            message = self._heard.popleft()
            self._guarded(lambda: self._send(self._reporter.hear(message)))  # noqa: B023 - called at once
        if self._connected_at is not None:
            self._guarded(lambda: self._send(self._reporter.changes()))
        if self._fault is not None and self._loop is not None:
            self._loop.call_later(RETRY_SECONDS, self._wake.set)
            if self._fault != told:
                self._tell(self._fault)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do something that a full or broken disk, or a fault of ours, may keep us from."""
        try:
            work()
        except Exception as error:
            self._fault = fault(error)

    def _send(self, publications: list[Publication]) -> None:
        now = time.monotonic()
        self._outbox.extend((now, one) for one in publications)
        self._filled.set()

    async def _look_after(self) -> None:
        """A lock has no listeners: it is asked how it is. And whoever goes by our name is told that we do."""
        while True:
            await asyncio.sleep(1)
            if self._reporter.lags_behind():
                self._wake.set()
            if self._claim.due():
                self._tell(self._contested())
                self._send([self._claimed()])

    def _claimed(self) -> Publication:
        return Publication(self._topics.machine, self._claim.machine, "state")

    def _contested(self) -> str:
        device, root = self._settings.device, self._topics.root
        return f"another doorbell is {device} ({root}) on the MQTT broker too; give each its own mqtt.device"

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                async with self._client() as client:
                    await self._converse(client)
            except Exception as error:
                self._lost(error)
            self._connected_at = None
            if time.monotonic() - begun > STEADY_SECONDS:
                pause = FIRST_PAUSE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _client(self) -> aiomqtt.Client:
        """Return a client that is not connected yet; raises OSError or ValueError where a setting cannot be used."""
        settings = self._settings
        password = None
        if settings.password is not None:
            password = read_secret(settings.password, "the broker's password").decode("utf-8", "replace")
        return aiomqtt.Client(
            settings.host or "",
            settings.used_port,
            username=settings.user,
            password=password,
            identifier=f"peephole-{settings.device}-{self._claim.machine}",  # the same again, so that it takes over
            will=aiomqtt.Will(self._topics.status, OFFLINE, qos=1, retain=True),
            clean_session=True,  # commands that came while we were away are lost, as they should be
            keepalive=KEEP_ALIVE,
            timeout=ANSWER_SECONDS,
            max_queued_incoming_messages=MOST_WAITING,
            tls_context=tls_of(settings),
            logger=_LOG,
        )

    async def _converse(self, client: aiomqtt.Client) -> None:
        """Announce everything, then publish and obey until we are to stop or the connection is lost (MqttError)."""
        refused = await self._subscribe(client)
        events = [(at, one) for at, one in self._outbox if one.kind == "event"]
        self._outbox.clear()
        self._send([self._claimed(), *self._reporter.everything()])
        self._outbox.extend(events)
        self._connected_at = time.monotonic()
        self._set_trouble(refused)
        work = [asyncio.create_task(self._publish(client)), asyncio.create_task(self._obey(client))]
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        await _ended(work)
        for task in work:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _subscribe(self, client: aiomqtt.Client) -> str | None:
        """Listen to commands; return the sentence about those that the broker keeps from us."""
        topics = subscriptions(self._settings, self._topics, self._lock is not None)
        granted = [await client.subscribe(topic, qos=1) for topic in topics]
        kept = [topic for topic, codes in zip(topics, granted, strict=True) if any(_is_failure(code) for code in codes)]
        if not kept:
            return None
        return f"the MQTT broker {self._settings.address} lets us not hear {', '.join(kept)}; look at its access rules"

    async def _publish(self, client: aiomqtt.Client) -> None:
        """Send what there is to send, until we are to stop; then say so."""
        while not self._stop.is_set():
            await self._empty_outbox(client)
            self._filled.clear()
            if not self._stop.is_set():
                await self._filled.wait()
        self._take_in()
        self._send([Publication(self._topics.status, OFFLINE, "state")])
        await self._empty_outbox(client)

    async def _empty_outbox(self, client: aiomqtt.Client) -> None:
        """Send what waits, oldest first; what is being sent when the connection is lost is sent again."""
        while self._outbox:
            at, one = first = self._outbox[0]
            if one.kind != "event" or time.monotonic() - at < STALE_SECONDS:
                await client.publish(one.topic, one.payload, qos=1, retain=one.retain)
            if self._outbox and self._outbox[0] is first:
                self._outbox.popleft()

    async def _obey(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            connected = time.monotonic() - (self._connected_at or time.monotonic())
            if message.topic.value == self._topics.machine:
                self._claim.hear(payload.decode("ascii", "replace"), message.retain)
                continue
            asked = wish(self._topics, message.topic.value, payload, message.retain, connected)
            if asked is not None:
                await self._grant(asked, message.topic.value)

    async def _grant(self, asked: Wish, topic: str) -> None:
        """Do what a message asks for."""
        if asked.command == "announce":
            self._guarded(lambda: self._send(self._reporter.everything()))
        elif asked.command == "forget":
            self._tell(f"a retained message on {topic} was not obeyed, and was removed")
            self._send([Publication(topic, "", "state")])
        elif asked.command == "ring":
            await self._guarded_in_thread(lambda: self._bell.ring("mqtt", asked.camera))
        elif asked.command == "open":
            await self._guarded_in_thread(lambda: self._open(asked.code))
            self._wake.set()
        elif asked.command == "close":
            self._answer(False, "the door locks by itself")

    def _open(self, code: str | None) -> None:
        if self._lock is None:
            return
        try:
            if self._settings.lock_code is None:
                answer = self._lock.open("mqtt")
            else:
                wanted = read_secret(self._settings.lock_code, "the code of the lock")
                answer = self._lock.open_with_code(
                    "mqtt", hmac.compare_digest((code or "").encode("utf-8", "replace"), wanted)
                )
            opened, text = answer.opened, answer.text
        except (OSError, ValueError) as error:
            opened, text = False, str(error)
        self._call(lambda: self._answer(opened, text))

    def _answer(self, opened: bool, text: str) -> None:
        self._send([Publication(self._topics.lock_answer, payloads.lock_answer(opened, text, time.time()), "state")])

    async def _guarded_in_thread(self, work: Callable[[], None]) -> None:
        """Do something that takes its time; what goes wrong is told here, for nobody tries it again."""
        try:
            await asyncio.to_thread(work)
        except Exception as error:
            self._tell(fault(error))

    def _lost(self, error: Exception) -> None:
        if not self._stop.is_set():
            self._set_trouble(sentence(error, self._settings, self._connected_at is not None))

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble == self._trouble:
            return
        self._trouble = trouble
        self._tell(trouble or f"connected to the MQTT broker {self._settings.address} again")


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` of Python 3.11 may lose a cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.2)


def _is_failure(code: object) -> bool:
    """Say whether a broker refuses a subscription: 128 and above, as a number or as the library's reason."""
    value = getattr(code, "value", code)
    return isinstance(value, int) and value >= 128
