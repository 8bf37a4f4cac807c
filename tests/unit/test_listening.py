"""Listeners with a thread of their own."""

import threading

import numpy as np

from peephole.listening import MOST_WAITING, QueuedListener
from peephole.live import Changed, Message, View
from peephole.vision.sources import Frame
from waiting import until


def fail(error: Exception) -> None:
    raise AssertionError(error)


def test_messages_are_handled_in_order_and_all_before_the_end() -> None:
    handled: list[Message] = []

    with QueuedListener("test", handled.append, fail) as listener:
        for number in range(5):
            listener.hear(Changed(str(number)))

    assert handled == [Changed(str(number)) for number in range(5)]


def test_a_slow_listener_holds_up_nobody_and_loses_the_oldest() -> None:
    handled: list[Message] = []
    begun, go_on = threading.Event(), threading.Event()

    def slowly(message: Message) -> None:
        begun.set()
        go_on.wait(10)
        handled.append(message)

    with QueuedListener("test", slowly, fail) as listener:
        listener.hear(Changed("first"))
        begun.wait(10)
        for number in range(MOST_WAITING + 3):
            listener.hear(Changed(str(number)))
        go_on.set()
        until(lambda: len(handled) == 1 + MOST_WAITING)

    assert listener.dropped == 3
    assert handled[0] == Changed("first")
    assert handled[-1] == Changed(str(MOST_WAITING + 2))


def test_a_fault_is_told_and_ends_nothing() -> None:
    faults: list[Exception] = []
    handled: list[Message] = []

    def handle(message: Message) -> None:
        if message == Changed("bad"):
            raise KeyError("bad")
        handled.append(message)

    with QueuedListener("test", handle, faults.append) as listener:
        listener.hear(Changed("bad"))
        listener.hear(Changed("good"))

    assert [type(fault) for fault in faults] == [KeyError]
    assert handled == [Changed("good")]


def test_frames_do_not_wait() -> None:
    handled: list[Message] = []

    with QueuedListener("test", handled.append, fail) as listener:
        listener.hear(View(Frame(np.zeros((2, 2, 3), np.uint8), 0.0, 1), ()))

    assert handled == []
