"""Settings from a TOML file and the environment; a mistake is one sentence that names file and key."""

import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from peephole.settings.files import settings_file
from peephole.settings.household import Settings
from peephole.settings.mistakes import mistake

HERE = "the page"
"""Origin of what the owner has set on the page."""
OF_AN_ADDED_TARGET = ("service", "url")
"""What only a target of notifications has on the page that was added there: `notify.targets.NAME.url` makes one."""


@dataclass(frozen=True)
class ReadSettings:
    """Settings, and where each of them comes from.

    Attributes:
        settings: checked.
        file: the settings file; None where there is none.
        origins: of each value that was given, by its key ("page.port"): the file, `HERE`, or the variable.
        content: of the file, not checked by itself.
    """

    settings: Settings
    file: Path | None
    origins: Mapping[str, str]
    content: Mapping[str, Any] = field(default_factory=dict)


def read_settings(file: Path | None = None) -> ReadSettings:
    """Read a settings file (None: `settings_file`), under what the environment says.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML, a key is unknown, or a value is not possible.
    """
    file = file or settings_file()
    return _checked(file, _read_toml(file) if file is not None else {}, {})


def overlaid(read: ReadSettings, owned: Mapping[str, Any]) -> ReadSettings:
    """Put what the owner has set on the page over the file, and under the environment.

    Args:
        read: what `read_settings` returned.
        owned: values by their dotted keys; those of a target that neither names any more have no effect, nor has the
            address of one that the file names, too: it has its own.

    Raises:
        ValueError: file and page together are not possible.
    """
    return _checked(read.file, read.content, owned)


def _checked(file: Path | None, content: Mapping[str, Any], owned: Mapping[str, Any]) -> ReadSettings:
    merged = deepcopy(dict(content))
    owned = _with_targets(merged, owned)
    for key, value in owned.items():
        _put(merged, key, value)
    try:
        settings = Settings(**merged)
        given = EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ValueError(f"environment: {error}; lists and tables are given as JSON") from error
    except ValidationError as error:
        raise ValueError(_sentence(error, file, merged, owned)) from error
    origins = {key: str(file) for key, _ in flat(content)}
    origins |= dict.fromkeys(owned, HERE)
    origins |= {key: _variable(key) for key, _ in flat(given)}
    return ReadSettings(settings, file, origins, content)


def _with_targets(content: dict[str, Any], owned: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the content the targets that the page has named, and return `owned` without addresses of the file's ones."""
    in_file = {name.casefold() for name in _names(content)}
    added = [place[2] for key in owned if (place := _place_of_target(key)) and place[3] == "url"]
    new = [name for name in added if name.casefold() not in in_file]
    if new:
        content.setdefault("notify", {}).setdefault("targets", []).extend({"name": name} for name in new)
    return {key: value for key, value in owned.items() if not _is_address_of(key, in_file)}


def _is_address_of(key: str, names: Collection[str]) -> bool:
    place = _place_of_target(key)
    return place is not None and place[3] in OF_AN_ADDED_TARGET and place[2].casefold() in names


def _place_of_target(key: str) -> list[str] | None:
    """Return a key like `notify.targets.NAME.url` in its four parts; None for any other one."""
    place = key.split(".")
    return place if len(place) == 4 and place[:2] == ["notify", "targets"] else None


def _names(content: Mapping[str, Any]) -> list[str]:
    return [str(one.get("name")) for one in content.get("notify", {}).get("targets", ())]


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    """Set one value in nested tables; that of a target is found by the target's name."""
    *tables, last = key.split(".")
    place = content
    for at, name in enumerate(tables):
        if tables[:at] == ["notify", "targets"]:
            named = [one for one in place.get("targets", ()) if str(one.get("name")).casefold() == name.casefold()]
            if not named:
                return
            place = named[0]
        elif tables[: at + 1] != ["notify", "targets"]:
            place = place.setdefault(name, {})
    place[last] = value


def flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested tables with its dotted key."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def shown_values(settings: Settings) -> dict[str, Any]:
    """Return every value as JSON has it, by its dotted key, for eyes: without secrets and what may hold one.

    Of a secret that stands in the file itself no letter is left; of a camera's address scheme, host and port.
    """
    from peephole.vision.sources.live import shown_address

    values = {key: _without_secrets(value) for key, value in flat(settings.model_dump(mode="json"))}
    for camera in values["cameras"]:
        if "://" in camera["source"]:
            camera["source"] = shown_address(camera["source"])
    return values


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items()}
    return "text:(hidden)" if isinstance(value, str) and value.startswith("text:") else value


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise OSError(f"{file}: the settings cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: no TOML: byte {error.start} is not UTF-8; save the file as UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: no TOML: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{file}: no TOML of ours: lists lie too deep in lists") from error


def _variable(key: str) -> str:
    return f"PEEPHOLE_{key.replace('.', '__').upper()}"


def _sentence(error: ValidationError, file: Path | None, content: Mapping[str, Any], owned: Mapping[str, Any]) -> str:
    """Say the first mistake only: the next ones often follow from it."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    text = mistake(first)
    # A value of the environment is looked up by its variable, for a table may have been given as a whole.
    variable = next((name for name in _variables_of(place) if name in os.environ), None)
    if variable is None and (here := [key for key in owned if key == place or key.startswith(f"{place}.")]):
        return f"{', '.join(here)}, as set on the page: {text}"
    where = variable or (f"{file}: {place}" if place else str(file))
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; 'peephole settings reference' lists them"
    return f"{where}: {text}"


def _variables_of(place: str) -> Iterator[str]:
    steps = place.split(".")
    for count in range(len(steps), 0, -1):
        yield _variable(".".join(steps[:count]))
