"""Sessions: the owner's side in Python with the device's in C, over lines that lose, change and repeat."""

import struct
import time
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_line import BUTTON, MadeUpDevice, SpoiltLine, keys_of, looks_at, paired, session_on, whole
from peephole.device import framing
from peephole.device.client import Command, Device
from peephole.device.errors import DeviceError, LostAnswerError, LostSessionError, SilentDeviceError, WrongKeyError
from peephole.device.events import past_events
from peephole.device.framing import packed, stuffed
from peephole.device.session import DAMAGED, Session


@pytest.fixture
def line() -> SpoiltLine:
    return SpoiltLine(MadeUpDevice())


def reasons(device: Device) -> list[str]:
    return [event.details["reason"] for event in past_events(device) if event.kind == "refused"]


def test_pairing_takes_the_button_and_the_moment(line: SpoiltLine) -> None:
    with pytest.raises(WrongKeyError, match="not paired yet"):
        session_on(line).open(keys_of(bytes(32)))
    with pytest.raises(DeviceError, match="press the device's button"):
        session_on(line).pair()
    line.device.core.press()
    line.device.core.pass_time(60_001)
    with pytest.raises(DeviceError, match="press the device's button"):
        session_on(line).pair()
    line.device.core.press()
    line.device.core.pass_time(60_000)
    assert len(session_on(line).pair()) == 32


def test_pairing_again_replaces_the_key(line: SpoiltLine) -> None:
    device, old = paired(line)
    another, new = paired(line)
    assert old != new
    with pytest.raises(AssertionError):  # the device goes by the id of another key
        device.people()
    assert another.people() == []
    assert "no session" in reasons(another)


def test_the_key_outlives_the_power(line: SpoiltLine) -> None:
    _, key = paired(line)
    line.device.switch_off_and_on()
    assert Device(session_on(line), keys_of(key)).people() == []


def test_without_random_numbers_there_is_no_key(line: SpoiltLine) -> None:
    line.device.core.fail_random(True)
    line.device.core.press()
    with pytest.raises(DeviceError, match="could not do it"):
        session_on(line).pair()
    assert line.device.gallery.slots() == {}


def test_a_wrong_key_opens_nothing(line: SpoiltLine) -> None:
    device, _ = paired(line)
    with pytest.raises(WrongKeyError, match="has another key"):
        Device(session_on(line), lambda identity: bytes(32))
    assert device.people() == []  # and ends nothing
    assert reasons(device) == ["wrong key"]


def test_what_was_said_cannot_be_said_again(line: SpoiltLine) -> None:
    device, _ = paired(line)
    device.add("Ada", looks_at(900), 0x12345678)
    request = line.written[-1]
    device.remove(1)
    line.write(request)
    assert device.people() == []
    assert reasons(device) == ["replayed"]
    line.write(line.written[0])  # pairing, without the button
    assert "no button" in reasons(device)


def test_another_session_cannot_be_replayed(line: SpoiltLine) -> None:
    device, key = paired(line)
    device.add("Ada", looks_at(900), 0x12345678)
    old = list(line.written)
    another = Device(session_on(line), keys_of(key))
    another.remove(1)
    for content in old:
        line.write(content)
    assert another.people() == []


def test_sealed_words_are_read_by_nobody_else(line: SpoiltLine) -> None:
    device, _ = paired(line)
    heard: list[bytes] = []

    def listen(content: bytes) -> bytes:
        heard.append(content)
        return content

    line.to_owner = line.to_device = listen
    device.add("Ada Lovelace", looks_at(900), 0x12345678)
    assert device.people()[0].name == "Ada Lovelace"
    assert not any(b"Lovelace" in content for content in heard)


def test_another_version_is_told(line: SpoiltLine) -> None:
    answer = line.device.take(stuffed(framing.checked(bytes([2, framing.PAIR]))))
    (frame,) = framing.FrameReader().take(answer)
    assert frame.body[:2] == bytes([2, framing.VERSION])
    line.to_owner = lambda content: stuffed(framing.checked(bytes([2, framing.WELCOME])))
    with pytest.raises(DeviceError, match="speaks version 2 of the protocol"):
        session_on(line).open(keys_of(bytes(32)))
    line.to_owner = lambda content: packed(framing.REFUSED, bytes([2, 3, 0, 0, 0]))
    with pytest.raises(DeviceError, match="speaks version 3 of the protocol"):
        session_on(line).open(keys_of(bytes(32)))


def test_a_silent_device_is_told_of(line: SpoiltLine) -> None:
    line.to_owner = lambda content: b""
    with pytest.raises(SilentDeviceError, match="test: no answer"):
        Session(line, seconds=0.01).open(keys_of(bytes(32)))


def once(spoil: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Spoils the first thing alone that goes over the line."""
    times = count()
    return lambda content: spoil(content) if content and next(times) == 0 else content


SPOILT = {
    "lost": lambda content: b"",
    "cut in the middle of a frame": lambda content: content[: len(content) // 2],
    "a beginning lost": lambda content: content[3:],
    "a wrong bit": lambda content: content[:20] + bytes([content[20] ^ 4]) + content[21:],
    "garbage before it": lambda content: b"\x01garbage\0\xff\x03more" + content,
    "garbage behind it": lambda content: content + b"garbage\0garbage",
    "twice": lambda content: content + content,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_request_that_is_spoilt_once_is_done_once(line: SpoiltLine, spoil: Callable[[bytes], bytes]) -> None:
    device, _ = paired(line)
    line.to_device = once(spoil)
    assert device.ask(Command.ADD_PERSON, "Ada", 0x12345678, 0, 0) == [1]
    assert [person.name for person in device.people()] == ["Ada"]


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_list_is_right_though_its_answer_was_spoilt(line: SpoiltLine, spoil: Callable[[bytes], bytes]) -> None:
    device, _ = paired(line)
    device.add("Ada", [], 0x12345678)
    line.to_owner = once(spoil)
    assert [person.name for person in device.people()] == ["Ada"]
    assert [person.name for person in device.people()] == ["Ada"]


def test_a_lost_answer_to_a_change_is_told(line: SpoiltLine) -> None:
    device, _ = paired(line)
    line.to_owner = once(lambda content: b"")
    with pytest.raises(LostAnswerError, match="the device did it, but its answer was lost"):
        device.ask(Command.ADD_PERSON, "Ada", 0x12345678, 0, 0)
    assert [person.name for person in device.people()] == ["Ada"]


def test_a_device_that_is_switched_off_before_it_answers_is_not_asked_twice(line: SpoiltLine) -> None:
    device, _ = paired(line)

    def switched_off(content: bytes) -> bytes:
        line.to_owner = whole
        line.device.switch_off_and_on()
        return b""

    line.to_owner = switched_off
    with pytest.raises(LostAnswerError, match="was over before the answer came; look what the device knows now"):
        device.ask(Command.ADD_PERSON, "Ada", 0x12345678, 0, 0)
    line.to_owner = switched_off
    assert [person.name for person in device.people()] == ["Ada"]  # which may be asked twice


def test_more_than_a_device_takes_is_told_of_and_ends_nothing(line: SpoiltLine) -> None:
    device, _ = paired(line)
    with pytest.raises(DeviceError, match=r"2,0\d\d bytes in one request, .* takes 1,024; shorten the name"):
        device.rename(1, "A" * 2000)
    assert device.people() == []
    assert reasons(device) == []


def test_two_owners_take_turns(line: SpoiltLine) -> None:
    first, key = paired(line)
    second = Device(session_on(line), keys_of(key))
    first.add("Ada", looks_at(900), 0x12345678)  # in a new session
    second.add("George", [], 0x12345678)
    assert [person.name for person in first.people()] == ["Ada", "George"]


def test_a_session_that_was_taken_over_is_told_of(line: SpoiltLine) -> None:
    line.device.core.press()
    key = session_on(line).pair()
    first, second = session_on(line), session_on(line)
    for session in (first, second):
        session.open(keys_of(key))
    assert second.ask(Command.PEOPLE, 0, 0)[1] == 0
    with pytest.raises(LostSessionError, match="another owner has taken over"):
        first.ask(Command.PEOPLE, 0, 0)


def test_events_come_as_they_happen(line: SpoiltLine) -> None:
    device, _ = paired(line)
    device.ask(Command.FOLLOW, 100, True)
    assert device.next_event(0.01) is None
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    line.tell()
    event = device.next_event(1)
    assert event is not None and event[2:4] == [0, BUTTON]
    device.ask(Command.FOLLOW, 0, False)
    line.device.core.tell(BUTTON, 0, True, 0, 0, 0, 0, 0, 0)
    line.tell()
    assert device.next_event(0.01) is None


class LineBehindNoise:
    """A line that becomes noisy: then the device refuses the noise at once, and answers what is asked a while later."""

    name = "noisy"

    def __init__(self, line: SpoiltLine, seconds: float) -> None:
        self._line = line
        self._seconds = seconds
        self._noisy_until = 0.0
        self._refused = False

    def become_noisy(self) -> None:
        self._noisy_until = time.monotonic() + self._seconds

    def write(self, content: bytes) -> None:
        self._refused = time.monotonic() < self._noisy_until
        self._line.write(content)

    def read(self, seconds: float) -> bytes:
        if self._refused:
            self._refused = False
            return packed(framing.REFUSED, struct.pack("<BI", DAMAGED, 0))
        if time.monotonic() < self._noisy_until:
            time.sleep(min(seconds, 0.01))
            return b""
        return self._line.read(seconds)


def test_what_comes_after_much_noise_is_answered(line: SpoiltLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peephole.device.session._QUIET", 0.02)
    _, key = paired(line)
    noisy = LineBehindNoise(line, 0.5)
    session = Session(noisy, seconds=30)
    session.open(keys_of(key))
    noisy.become_noisy()
    assert len(session.ask(Command.INFO)) == 4


FRAMES = st.builds(packed, st.sampled_from([0x81, 0x82, 0x83, 0x84, 0xFF]), st.binary(max_size=60))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), FRAMES), max_size=8))
def test_a_device_that_talks_nonsense_is_refused_in_a_sentence(said: list[bytes]) -> None:
    line = SpoiltLine(MadeUpDevice())
    line.to_owner = lambda content: b"\0".join(said)
    with pytest.raises(DeviceError, match=r"^test: .+") as error:
        Session(line, seconds=0.005, attempts=2).open(keys_of(bytes(32)))
    assert "\n" not in str(error.value)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), st.integers(0, 5)), max_size=30))
def test_garbage_changes_nothing(pieces: list[bytes | int]) -> None:
    line = SpoiltLine(MadeUpDevice())
    device, _ = paired(line)
    device.add("Ada", looks_at(900, 901), 0x12345678)
    said = list(line.written)
    for piece in pieces:  # noise, and pieces of what was said before
        line.device.take(piece if isinstance(piece, bytes) else said[piece % len(said)][: 7 * piece + 1])
    line.device.take(b"\0")
    line.to_device = whole
    assert [(person.name, person.looks) for person in device.people()] == [("Ada", 2)]
