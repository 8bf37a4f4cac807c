"""Messages to servers that are slow, away, refuse or lead elsewhere: nobody waits, nothing is told that must not be."""

import logging
import threading
import time
from pathlib import Path

import pytest

from doorbell_parts import ANNA, BEN, MORNING, Walks
from messages import IMPATIENT, TOKEN, Heard, said, through_apprise, webhook
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.events import Problem
from peephole.live import LiveDoorbell
from peephole.notify.courier import MOST_WAITING, Patience
from peephole.notify.senders import NotSent, sender_of
from peephole.notify.settings import Notify
from peephole.notify.words import trial
from ports import free_port
from receivers import Receiver
from waiting import PATIENCE, until


def test_a_slow_target_delays_neither_another_nor_the_doorbell(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver
) -> None:
    go_on = threading.Event()
    with (
        Receiver(gate=lambda: go_on.wait(60)) as slow,
        Heard(bell, live, webhook(slow.port, "slow"), webhook(receiver.port)),
    ):
        live.watch(Walks((ANNA, BEN)), at_its_pace=False)
        until(lambda: len(receiver.heard) == 2)
        assert len(slow.heard) == 1 and not go_on.is_set()
        go_on.set()
        until(lambda: len(slow.heard) == 2)


def test_a_target_whose_answer_drips_is_left_after_its_time() -> None:
    """Each byte comes in time; there is no end of them."""
    with Receiver(drips=True) as slow:
        began = time.monotonic()
        with pytest.raises(NotSent, match="it does not answer in time"):
            sender_of(webhook(slow.port), timeout=0.5).send(trial(time.time(), ""))
        assert time.monotonic() - began < PATIENCE


def test_a_target_that_never_answers_is_left_after_its_time(bell: Doorbell, live: LiveDoorbell) -> None:
    never = threading.Event()
    with Receiver(gate=lambda: never.wait(60)) as slow:
        with Heard(bell, live, webhook(slow.port), timeout=0.1, patience=IMPATIENT) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 1)
            assert notifier.trouble() == (
                "notify target mine: it does not answer in time; it is tried again (1 not sent)"
            )
        never.set()


@pytest.mark.parametrize("kind", ["webhook", "apprise"])
def test_a_target_that_is_away_is_tried_again(bell: Doorbell, live: LiveDoorbell, kind: str) -> None:
    port = free_port()
    target = webhook(port) if kind == "webhook" else through_apprise(f"json://127.0.0.1:{port}", "mine")
    with Heard(bell, live, target) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        assert "notify target mine: it" in (notifier.trouble() or "")
        with Receiver(port=port) as back:
            until(lambda: len(back.heard) == 1)
            until(lambda: notifier.trouble() is None)
    assert notifier.unsent() == 0
    assert notifier.told[-1] == "notify target mine: messages are sent again"


def test_a_message_that_could_not_be_sent_starts_no_cool_down(bell: Doorbell, live: LiveDoorbell) -> None:
    port = free_port()
    with Heard(bell, live, webhook(port), patience=IMPATIENT) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.unsent() == 1)
        with Receiver(port=port) as back:
            live.watch(Walks((ANNA,), MORNING + 600), at_its_pace=False)
            until(lambda: len(back.heard) == 1)


def test_nothing_is_sent_of_somebody_who_was_removed_while_the_message_waited(
    bell: Doorbell, live: LiveDoorbell
) -> None:
    port = free_port()
    with Heard(bell, live, webhook(port)) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        bell.remove("Anna")
        with Receiver(port=port) as back:
            until(lambda: notifier.unsent() == 1)
            assert back.heard == []


def test_nothing_is_sent_to_a_target_that_was_switched_off_while_the_message_waited(
    bell: Doorbell, live: LiveDoorbell
) -> None:
    target = webhook(port := free_port())
    with Heard(bell, live, target) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        notifier.follow(Notify(targets=(target.model_copy(update={"active": False}),)))
        with Receiver(port=port) as back:
            until(lambda: "not sent" in notifier.noted[-1])
            assert back.heard == []
        assert notifier.connections() == ()
        with pytest.raises(ValueError, match="switched off"):
            notifier.try_out("mine")


def test_nothing_is_sent_to_a_target_that_was_removed_while_messages_waited(bell: Doorbell, live: LiveDoorbell) -> None:
    """Not even where so many wait that the end of its thread pushes one out."""
    target = webhook(port := free_port(), events=("known", "problem"))
    with Heard(bell, live, target, patience=Patience(60.0, 60.0, 600.0)) as notifier:
        live.watch(Walks((ANNA,)), at_its_pace=False)
        until(lambda: notifier.trouble() is not None)
        for number in range(MOST_WAITING + 3):
            notifier.hear(Problem(MORNING, f"reason_{number}", "the disk is full"))
        until(lambda: notifier.unsent() > 0)
        notifier.follow(Notify())
        with Receiver(port=port) as back, Receiver() as other:
            notifier.follow(Notify(targets=(webhook(other.port, "other", events=("problem",)),)))
            notifier.hear(Problem(MORNING, "disk", "the disk is full"))
            until(lambda: other.heard)
            until(lambda: not any(thread.name == "notify mine" for thread in threading.enumerate()))
            assert back.heard == []


def test_a_target_that_cannot_be_used_is_not_tried_out_by_another_address(
    bell: Doorbell, live: LiveDoorbell, receiver: Receiver, tmp_path: Path
) -> None:
    address = tmp_path / "address"
    target = webhook(receiver.port).model_copy(update={"url": f"file:{address}"})
    with Heard(bell, live, target) as notifier:
        address.write_text(f"http://127.0.0.1:{receiver.port}/")
        with pytest.raises(ValueError, match="could not be used at the start"):
            notifier.try_out("mine")
        with pytest.raises(ValueError, match="no such target"):
            notifier.try_out("yours")
    assert receiver.heard == []


def test_tokens_are_in_no_sentence_and_no_log(
    bell: Doorbell, live: LiveDoorbell, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    away = free_port()
    with Receiver(status=403) as refusing:
        targets = (
            webhook(refusing.port, "one", key="text:signing-key-0815"),
            webhook(away, "two"),
            through_apprise(f"ntfy://user:{TOKEN}@127.0.0.1:{refusing.port}/topic-{TOKEN}", "three"),
            through_apprise(f"tgram://{TOKEN}", "four"),
            webhook(0, "five").model_copy(update={"url": f"text:ftp://{TOKEN}@host/{TOKEN}"}),
            webhook(0, "six").model_copy(update={"url": f"text:http://127.0.0.1:x/{TOKEN}"}),
            webhook(0, "seven").model_copy(update={"url": f"text:http://127.0.0.1/\n {TOKEN}"}),
        )
        with Heard(bell, live, *targets, patience=IMPATIENT) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 3)
            sentences = [notifier.trouble() or "", *notifier.connections(), *notifier.told, *notifier.noted]
    said = "\n".join([*sentences, caplog.text, *capsys.readouterr()])
    assert "notify target one: it answers 403 Forbidden" in said
    assert "notify target two: it cannot be reached (Connection refused)" in said
    assert "notify target four: Apprise cannot use this address" in said
    assert "notify target five: the address of a webhook begins with http:// or https://" in said
    assert TOKEN not in said
    assert "0815" not in said


def test_a_redirect_is_not_followed(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Receiver(status=307, location=f"http://127.0.0.1:{receiver.port}/elsewhere") as redirecting:
        url = f"json://127.0.0.1:{redirecting.port}"
        with Heard(bell, live, webhook(redirecting.port), through_apprise(url), patience=IMPATIENT) as notifier:
            live.watch(Walks((ANNA,)), at_its_pace=False)
            until(lambda: notifier.unsent() == 2)
    assert receiver.heard == []


def test_what_waits_at_the_end_is_sent(bell: Doorbell, live: LiveDoorbell, receiver: Receiver) -> None:
    with Heard(bell, live, webhook(receiver.port)):
        live.ring("button")  # it waits for a name that does not come
    assert [one["line"] for one in said(receiver)] == ["Somebody rang"]
