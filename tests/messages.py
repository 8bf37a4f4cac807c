"""Who is told by message: targets of a notifier that listens to a doorbell, and what they got."""

import json

import pytest

from peephole.doorbell.doorbell import Doorbell
from peephole.live import LiveDoorbell
from peephole.notify.courier import Patience
from peephole.notify.notifier import Notifier
from peephole.notify.senders import sender_of
from peephole.notify.settings import Notify, Target
from receivers import Receiver

TOKEN = "tk-geheim-4711"  # noqa: S105 - what must not be seen
STEADY = Patience(first=0.05, longest=0.2, most=60.0)
IMPATIENT = Patience(first=0.05, longest=0.2, most=0.6)
"""For what is to be given up; on a busy machine that may be anything."""


def webhook(port: int, name: str = "mine", **more: object) -> Target:
    return Target(name=name, service="webhook", url=f"text:http://127.0.0.1:{port}/hook?token={TOKEN}", **more)


def through_apprise(url: str, name: str = "phone", **more: object) -> Target:
    pytest.importorskip("apprise", reason="needs the extra notify")
    return Target(name=name, url=f"text:{url}", **more)


class Heard(Notifier):
    """A notifier that listens to a doorbell; its troubles are in `told`, its verdicts in `noted`."""

    def __init__(
        self,
        bell: Doorbell,
        live: LiveDoorbell,
        *targets: Target,
        timeout: float = 8.0,
        patience: Patience = STEADY,
        **more: object,
    ):
        self.told: list[str] = []
        self.noted: list[str] = []
        settings = Notify(targets=targets, **more)
        super().__init__(
            settings,
            bell,
            lambda target: sender_of(target, timeout),
            self.told.append,
            lambda noted: self.noted.append(noted.text),
            patience,
        )
        live.announcer.listen(self.hear)


def said(receiver: Receiver) -> list[dict]:
    return [json.loads(request.body) for request in receiver.heard]
