"""What the pages of settings show beside their fields, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peephole.door.assembly import in_force
from peephole.door.conditions import LOCK_OUT_RESET, SETTINGS_CHANGED
from peephole.door.log import reason_text, who_text
from peephole.door.opener import DoorOpener
from peephole.listening import Service
from peephole.settings.household import Settings
from peephole.settings.owner import EDITABLE, OF_A_TARGET
from peephole.settings.reading import shown_values
from peephole.store.door import DoorEntry
from peephole.store.inventory import Inventory
from peephole.time_words import day, moment
from peephole.web.settings.fields import FormField, fields, shown
from peephole.web.settings.parts import HouseholdParts

_NOT_SHOWN = ("data", "notify.targets", *(f"{table}.{name}" for table, names in EDITABLE.items() for name in names))
"""What other pages show, and what no viewer needs to know."""
MODES = {
    "off": "Off: the doorbell opens nothing.",
    "dry-run": "Dry run: it decides and writes the log, and nothing moves.",
    "on": "On: it opens for whoever may come in.",
}
KINDS = {
    "people": "People",
    "strangers": "Strangers in the inbox",
    "visits": "Visits",
    "looks": "Single looks of visits",
    "door": "Rows of the door's log",
}


@dataclass(frozen=True)
class LogRow:
    """A row of the door's log in words; `outcome` is "would have opened" in a dry run."""

    when: str
    outcome: str
    who: str
    why: str
    good: bool


@dataclass(frozen=True)
class ChangeRow:
    """A change of a setting in words."""

    when: str
    by: str
    what: str


@dataclass(frozen=True)
class DoorPanel:
    """How the door is, and what happened at it."""

    mode: str
    words: str
    kept_dry: bool
    openings: int
    most_openings: int
    locked_until: str
    waiting: bool
    trouble: str | None
    rows: tuple[LogRow, ...]
    seen: bool
    changes: tuple[ChangeRow, ...]
    actuator: str


@dataclass(frozen=True)
class TargetPanel:
    """A target of notifications: its fields, where its messages go, how that went, and whether it can be tried out.

    `added`: on the page, where it can be removed, too.
    """

    name: str
    where: str
    result: str
    bad: bool
    usable: bool
    added: bool
    fields: tuple[FormField, ...]


@dataclass(frozen=True)
class HoldingRow:
    """One class of what is kept, in words."""

    what: str
    count: int
    size: str
    next_gone: str


def overview(parts: HouseholdParts) -> dict[str, str]:
    """Return how things stand, in one line a page."""
    settings = parts.settings
    targets = [one.name for one in settings.notify.targets if one.active]
    accounts = len(parts.accounts.all()) if parts.accounts is not None else 0
    peers = parts.connections()
    counts = {one.kind: one.count for one in parts.store.inventory(settings.retention).holdings}
    kept = f"for {settings.retention.visits} days" if settings.retention.visits else "until you remove them"
    looks = round(1 / settings.recognition.known_rate)
    return {
        "recognition": f"{_many(counts['people'], 'person', 'people')}. One look at a stranger in {looks:,} may count"
        " for one of them.",
        "door": MODES[settings.door.mode],
        "notifications": ", ".join(targets) or "Nobody is told of anything.",
        "keeping": f"{_many(counts['visits'], 'visit', 'visits')}, kept {kept}",
        "accounts": _many(accounts, "account", "accounts"),
        "connections": f"{len(peers)} named by you" if peers else "Nothing leaves this device.",
    }


def door_panel(parts: HouseholdParts, opener: DoorOpener) -> DoorPanel:
    """Return how the door is."""
    now, status = datetime.now().astimezone(), opener.status()
    entries = opener.log(40)
    rows = tuple(
        LogRow(
            moment(entry.time, now),
            _outcome(entry),
            who_text(entry),
            reason_text(entry),
            entry.verdict == "open",
        )
        for entry in entries
    )
    door = parts.settings.door
    return DoorPanel(
        mode=status.mode,
        words=MODES[status.mode],
        kept_dry=door.mode == "on" and status.mode != "on" and opener.held is None,
        openings=status.openings,
        most_openings=status.most_openings,
        locked_until=moment(status.locked_until, now) if status.locked_until is not None else "",
        waiting=status.locked_until is not None or opener.locked_out(),
        trouble=status.trouble,
        rows=rows,
        seen=in_force(door.model_copy(update={"mode": "on"}), opener.dry_run_seen)[1] is None,
        changes=_changes(parts, "door.", now),
        actuator=door.actuator,
    )


def target_panels(parts: HouseholdParts) -> list[TargetPanel]:
    """Return every target of the settings; addresses are not shown, only where they lead."""
    now = datetime.now().astimezone()
    doing = {one.name: one for one in parts.notifier.targets()} if parts.notifier is not None else {}
    panels = []
    for target in parts.settings.notify.targets:
        status = doing.get(target.name)
        if status is None:
            where, result, bad = "nowhere", "cannot be used; see the trouble on top", True
        elif not target.active:
            where, result, bad = status.where, "switched off: nothing is sent there", False
        else:
            last = f"last sent {moment(status.sent_at, now)}" if status.sent_at is not None else "nothing sent yet"
            unsent = f", {status.unsent} not delivered" if status.unsent else ""
            where, result, bad = status.where, status.trouble or f"{last}{unsent}", status.trouble is not None
        keys = [f"notify.targets.{target.name}.{name}" for name in OF_A_TARGET]
        usable = status is not None and target.active
        added = parts.owner.was_added(target.name)
        panels.append(TargetPanel(target.name, where, result, bad, usable, added, tuple(fields(parts.owner, keys))))
    return panels


def keeping_panel(parts: HouseholdParts) -> dict[str, object]:
    """Return where the data lie, how much there is, and what goes next."""
    held = parts.store.inventory(parts.settings.retention)
    now = datetime.now().astimezone()
    rows = [
        HoldingRow(
            KINDS[one.kind],
            one.count,
            size(one.size) if one.size else "",
            f"the oldest goes on {day(one.next_gone, now)}" if one.next_gone is not None else "",
        )
        for one in held.holdings
    ]
    return {
        "folder": str(held.folder),
        "sealed": _sealed(held),
        "size": size(held.size),
        "rows": rows,
        "changes": _changes(parts, "retention.", now),
    }


def connections_panel(parts: HouseholdParts, source: str) -> dict[str, object]:
    """Return every outgoing connection, the doors that share people, and the settings that are the file's alone."""
    settings, now = parts.settings, datetime.now().astimezone()
    broker = parts.broker
    return {
        "peers": parts.connections(),
        "source": source,
        "doors": [
            (door.name, door.fingerprint, day(door.since, now) if door.since is not None else "")
            for door in parts.store.sharing.doors()
        ],
        "mqtt": settings.mqtt.address if settings.mqtt.host is not None else "",
        "mqtt_state": _broker_state(broker),
        "mqtt_bad": broker is None or broker.trouble() is not None,
        "fixed": _fixed(parts, settings),
        "changes": _changes(parts, "", now),
    }


def size(bytes_: int) -> str:
    """Return a number of bytes in words: `12 kB`, `3.4 MB`."""
    if bytes_ < 1_000_000:
        return f"{max(1, round(bytes_ / 1000))} kB"
    return f"{bytes_ / 1e6:.1f} MB"


def _broker_state(broker: Service | None) -> str:
    if broker is None:
        return "not connected, for this is the demo"
    return broker.trouble() or ("connected" if getattr(broker, "connected", False) else "connecting")


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _outcome(entry: DoorEntry) -> str:
    if entry.reason in (LOCK_OUT_RESET, SETTINGS_CHANGED):
        return "-"
    if entry.verdict == "shut":
        return "stayed shut"
    if entry.mode == "dry-run":
        return "would have opened"
    return {"done": "opened", "failed": "could not open", "not_known": "may have opened"}.get(entry.done, "not tried")


def _sealed(held: Inventory) -> str:
    if held.sealed is None:
        return "Descriptors and pictures are not encrypted."
    return f"Descriptors and pictures are encrypted with a {held.sealed}."


def _changes(parts: HouseholdParts, before: str, now: datetime) -> tuple[ChangeRow, ...]:
    rows = [one for one in parts.store.settings.changes(200) if one.key.startswith(before)][:20]
    return tuple(ChangeRow(moment(one.time, now), one.by, _change(one.key, one.after)) for one in rows)


def notify_changes(parts: HouseholdParts) -> tuple[ChangeRow, ...]:
    """Return what was changed on the page about notifications, the newest first."""
    return _changes(parts, "notify.", datetime.now().astimezone())


def _change(key: str, after: str | None) -> str:
    if key.startswith("notify.targets.") and key.endswith(".url"):  # which names a file, of no use to a reader
        return f"{key.removesuffix('.url')} {'added' if after is not None else 'removed'}"
    return f"{key} = {after}" if after is not None else f"{key} back to the file"


def _camera(values: Mapping[str, Any]) -> str:
    masks, zone = len(values["masks"]), values["zone"] is not None
    more = [*([_many(masks, "mask", "masks")] if masks else []), *(["a zone"] if zone else [])]
    return f"{values['name']}: {values['source']}" + (f" ({', '.join(more)})" if more else "")


def _fixed(parts: HouseholdParts, settings: Settings) -> list[tuple[str, str, str]]:
    """Return key, value and origin of what only the file and the environment say; secrets stay hidden."""
    values = {key: value for key, value in shown_values(settings).items() if key not in _NOT_SHOWN}
    values["cameras"] = [_camera(one) for one in values["cameras"]]
    return [(key, shown(value), parts.owner.origin(key)) for key, value in values.items()]
