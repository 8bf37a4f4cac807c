"""A doorbell on a broker, under the topics of HOME."""

import time

import pytest

pytest.importorskip("aiomqtt", reason="needs the extra mqtt")
from peephole.cameras import Cameras
from peephole.mqtt.link import BrokerLink
from peephole.mqtt.settings import Mqtt

HOME = "doorbell/front"


def linked(bell, live, port: int, lock=None, machine: str | None = None, **more: object) -> BrokerLink:
    """The link, hearing the doorbell; what it tells is in `told`."""
    settings = Mqtt(host="127.0.0.1", port=port, **({"device": "front"} | more))
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        print(f"{time.monotonic():.3f} {sentence}")  # shown with a test that fails

    made = BrokerLink(settings, bell, Cameras([live]), lock, tell, machine)
    made.told = told  # type: ignore[attr-defined]
    live.announcer.listen(made.hear)
    return made
