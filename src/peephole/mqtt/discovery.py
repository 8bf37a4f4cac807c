"""The device as Home Assistant discovers it: one table of entities, one JSON object.

The keys are those of https://www.home-assistant.io/integrations/mqtt/ (device discovery, 2024.11 and newer).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from peephole import __version__
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import OFFLINE, ONLINE, Topics

VISITORS = ("known", "stranger", "unsure")
SUSPICIONS = ("spoof_suspected", "refused")
OPENINGS = ("opened", "dry_run")
CHALLENGES = ("asked", "done", "wrong", "late")
CODE_FORMAT = ".+"
"""Of the code that Home Assistant asks for: what it looks like is nobody's business."""


@dataclass(frozen=True)
class Entity:
    """One entity: its key, Home Assistant's platform and a name for people; `config` fills in what is its own."""

    key: str
    platform: str
    name: str
    config: Callable[[Topics], dict[str, Any]]

    def component(self, topics: Topics) -> dict[str, Any]:
        """Return the entity's part of the device."""
        return {
            "p": self.platform,
            "unique_id": f"{topics.device}_{self.key}",
            "default_entity_id": f"{self.platform}.{topics.device.lower().replace('-', '_')}_{self.key}",
            "name": self.name,
            **self.config(topics),
        }


BELL = Entity(
    "bell",
    "event",
    "Bell",
    lambda topics: {"device_class": "doorbell", "event_types": ["ring"], "state_topic": topics.bell},
)
VISITOR = Entity(
    "visitor",
    "event",
    "Visitor",
    lambda topics: {"event_types": [*VISITORS, *SUSPICIONS], "state_topic": topics.visitor, "icon": "mdi:account-eye"},
)
OPENED = Entity(
    "opened",
    "event",
    "Door opened",
    lambda topics: {"event_types": list(OPENINGS), "state_topic": topics.door, "icon": "mdi:door-open"},
)
LOCK_OUT = Entity(
    "lock_out",
    "binary_sensor",
    "Door locked out",
    lambda topics: {"device_class": "problem", "state_topic": topics.lock_out},
)
CHALLENGE = Entity(
    "challenge",
    "event",
    "Turn of the head",
    lambda topics: {
        "event_types": list(CHALLENGES),
        "state_topic": topics.challenge,
        "icon": "mdi:account-arrow-left-outline",
    },
)
LAST_PERSON = Entity(
    "last_person",
    "sensor",
    "Last person",
    lambda topics: {
        "state_topic": topics.last_person,
        "json_attributes_topic": topics.last_visit,
        "icon": "mdi:account",
    },
)
STRANGERS = Entity(
    "strangers",
    "sensor",
    "Strangers waiting",
    lambda topics: {"state_topic": topics.strangers, "state_class": "measurement", "icon": "mdi:account-question"},
)
PRESENT = Entity(
    "present",
    "binary_sensor",
    "Present",
    lambda topics: {"device_class": "occupancy", "state_topic": topics.present},
)
CAMERA = Entity(
    "camera",
    "binary_sensor",
    "Camera",
    lambda topics: {
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics.camera,
    },
)
PICTURE = Entity(
    "picture",
    "image",
    "Last picture",
    lambda topics: {"image_topic": topics.picture, "content_type": "image/jpeg"},
)
LOCK = Entity(
    "lock",
    "lock",
    "Door",
    lambda topics: {
        "command_topic": topics.lock_command,
        "state_topic": topics.lock,
        "json_attributes_topic": topics.lock_answer,
        "payload_open": "OPEN",
        "optimistic": False,
        "retain": False,
        "qos": 1,
    },
)


LOCK_WITH_CODE = replace(
    LOCK,
    config=lambda topics: {
        **LOCK.config(topics),
        "code_format": CODE_FORMAT,
        "command_template": '{"action": "{{ value }}", "code": {{ code | tojson }}}',
    },
)


def entities(settings: Mqtt, has_door: bool) -> tuple[Entity, ...]:
    """Return what there is; picture and lock only where they are allowed, the door's others where one is set up."""
    return (
        *(BELL, VISITOR, LAST_PERSON, STRANGERS, PRESENT, CAMERA),
        *((PICTURE,) if settings.pictures == "visits" else ()),
        *((OPENED, CHALLENGE, LOCK_OUT) if has_door else ()),
        *(((LOCK if settings.lock_code is None else LOCK_WITH_CODE),) if settings.allow_lock and has_door else ()),
    )


def discovery(settings: Mqtt, topics: Topics, has_door: bool) -> str:
    """Return the device as one JSON object, to be retained on `topics.config`."""
    device = {
        "ids": [settings.device],
        "name": settings.name,
        "mf": "peephole",
        "mdl": "doorbell",
        "sw": __version__,
        **({"cu": settings.page} if settings.page else {}),
    }
    whole = {
        "dev": device,
        "o": {"name": "peephole", "sw": __version__},
        "availability_topic": topics.status,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
        "cmps": {one.key: one.component(topics) for one in entities(settings, has_door)},
    }
    return json.dumps(whole, ensure_ascii=False)
