"""What the owner may set on the page: over the settings file, under the environment."""

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from pydantic.fields import FieldInfo

from peephole.notify.settings import Target
from peephole.section import Section
from peephole.settings.household import Settings
from peephole.settings.reading import HERE, OF_AN_ADDED_TARGET, ReadSettings, overlaid

EDITABLE: Mapping[str, tuple[str, ...]] = {
    "recognition": ("known_rate", "stranger_rate"),
    "retention": ("unknown_faces", "strangers", "visits", "looks", "door"),
    "notify": ("quiet_hours", "even_in_quiet_hours", "cool_down_minutes", "link"),
    "door": (
        "mode",
        "hours",
        "require_ring",
        "most_openings",
        "lock_out_after",
        "lock_out_minutes",
        "least_looks",
        "least_seconds",
        "margin_factor",
        "open_rate",
        "pulse_seconds",
        "liveness",
        "challenge",
    ),
    "log": ("level",),
}
"""By table. What is not here is the file's: addresses, secrets, cameras, and what a relay is wired to.

A target of notifications can be added, its address kept in a file of its own (`settings.targets`)."""
OF_A_TARGET = ("active", "events", "pictures", "actions")
"""The same of each target of notifications, as `notify.targets.NAME.events`."""


Check = Callable[[Settings, Settings], None]


class Shelf(Protocol):
    """Where the values survive a restart (`store.settings.SettingsTable`)."""

    def values(self) -> dict[str, Any]:
        """Return every value that was set on the page, by its dotted key."""
        ...

    def change(self, by: str, values: Mapping[str, Any], back: Collection[str] = ()) -> None:
        """Set some values and drop others, and write both down."""
        ...


class OwnerSettings:
    """The settings in force while a doorbell runs; any thread.

    Who calls `follow` hears of every change with the settings before and after it.
    """

    def __init__(self, read: ReadSettings, shelf: Shelf) -> None:
        """Put what is on the shelf over what was read; raises ValueError where both together are not possible."""
        self._read = read
        self._shelf = shelf
        self._lock = threading.Lock()
        self._followers: list[Callable[[Settings, Settings], None]] = []
        self._now = settings_in_force(read, shelf.values())
        self.begun = self._now.settings
        """What was in force at the start."""

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self._now.settings

    @property
    def file(self) -> Settings:
        """What would be in force without the page."""
        return self._read.settings

    def origin(self, key: str) -> str:
        """Return where a value comes from: "default", a file, `reading.HERE`, or a variable of the environment."""
        return origin_of(self._now, key)

    def is_usual(self, key: str) -> bool:
        """Tell whether nothing but the page says what a value is."""
        return self._of_an_added_target(key) or origin_of(self._read, key) == "default"

    def without_the_page(self, key: str) -> Any:
        """Return what a value would be without the page."""
        return field_of(key).get_default() if self._of_an_added_target(key) else value_of(self.file, key)

    def was_added(self, target: str) -> bool:
        """Tell whether a target of notifications was added on the page."""
        return self.origin(f"notify.targets.{target}.url") == HERE

    def keys_of_target(self, target: str) -> list[str]:
        """Return everything that was set on the page of a target of notifications, by its dotted key."""
        begin = f"notify.targets.{target}.".casefold()
        return [key for key in self._shelf.values() if key.casefold().startswith(begin)]

    def fixed_by(self, key: str) -> str | None:
        """Return the variable of the environment that says what a value is; None where the owner may."""
        origin = self.origin(key)
        return origin if origin.startswith("PEEPHOLE_") else None

    def follow(self, follower: Callable[[Settings, Settings], None]) -> None:
        """Have `follower` called with the settings before and after every change."""
        self._followers.append(follower)

    def tried(self, values: Mapping[str, Any], back: Collection[str] = ()) -> Settings:
        """Return what a change would lead to, without making it.

        Raises ValueError for a value that is not possible, that the environment fixes, or that is not the owner's.
        """
        return self._tried(values, back).settings

    def change(
        self, by: str, values: Mapping[str, Any], back: Collection[str] = (), check: Check | None = None
    ) -> Settings:
        """Set some values, take others `back` to what the file says, and have both take effect.

        by: the account that wishes it. check: is given the settings before and after, which nobody else changes in the
        meantime, and raises where they may not be. Raises ValueError as `tried`, and OSError where it cannot be stored.
        """
        with self._lock:
            now, before = self._tried(values, back), self._now.settings
            if check is not None:
                check(before, now.settings)
            self._shelf.change(by, values, back)
            self._now = now
            for follower in self._followers:  # in the order of the changes
                follower(before, now.settings)
        return now.settings

    def _of_an_added_target(self, key: str) -> bool:
        return key.startswith("notify.targets.") and self.was_added(key.split(".")[2])

    def _tried(self, values: Mapping[str, Any], back: Collection[str]) -> ReadSettings:
        for key in (*values, *back):
            field_of(key)
            if variable := self.fixed_by(key):
                raise ValueError(f"{key}: {variable} of the environment says what it is")
        owned = {key: value for key, value in self._shelf.values().items() if key not in back}
        return overlaid(self._read, owned | dict(values))


def settings_in_force(read: ReadSettings, owned: Mapping[str, Any]) -> ReadSettings:
    """Return settings with what the owner has set on the page; raises ValueError where that is impossible by now."""
    try:
        return overlaid(read, owned)
    except ValueError as error:
        raise ValueError(f"{error}; 'peephole settings forget' takes back what was set on the page") from error


def field_of(key: str) -> FieldInfo:
    """Return what describes an editable value; raises ValueError for any other key."""
    table, _, name = key.rpartition(".")
    if table.startswith("notify.targets.") and table.count(".") == 2 and name in (*OF_A_TARGET, *OF_AN_ADDED_TARGET):
        return Target.model_fields[name]
    if name in EDITABLE.get(table, ()):
        section = Settings.model_fields[table].annotation
        if isinstance(section, type) and issubclass(section, Section):
            return section.model_fields[name]
    raise ValueError(f"{key}: this is not set on the page")


def value_of(settings: Settings, key: str) -> Any:
    """Return an editable value; raises ValueError for a target that there is not."""
    table, _, name = key.rpartition(".")
    if not table.startswith("notify.targets."):
        return getattr(getattr(settings, table), name)
    target = table.removeprefix("notify.targets.").casefold()
    for one in settings.notify.targets:
        if one.name.casefold() == target:
            return getattr(one, name)
    raise ValueError(f"{table}: there is no such target")


def origin_of(read: ReadSettings, key: str) -> str:
    """Return where a value comes from; that of a target may come with the whole list."""
    whole = read.origins.get("notify.targets", "default") if key.startswith("notify.targets.") else "default"
    return whole if whole.startswith("PEEPHOLE_") else read.origins.get(key, whole)
