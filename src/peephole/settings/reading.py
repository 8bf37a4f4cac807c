"""Settings from a TOML file and the environment; a mistake is one sentence that names file and key."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from peephole.settings.files import settings_file
from peephole.settings.household import Settings


@dataclass(frozen=True)
class ReadSettings:
    """Settings, and where each of them comes from.

    Attributes:
        settings: checked.
        file: the settings file; None where there is none.
        origins: of each value that was given, by its key ("page.port"): the file, or the variable.
    """

    settings: Settings
    file: Path | None
    origins: Mapping[str, str]


def read_settings(file: Path | None = None) -> ReadSettings:
    """Read a settings file (None: `settings_file`), under what the environment says.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML, a key is unknown, or a value is not possible.
    """
    file = file or settings_file()
    content = _read_toml(file) if file is not None else {}
    try:
        settings = Settings(**content)
        given = EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ValueError(f"environment: {error}; lists and tables are given as JSON") from error
    except ValidationError as error:
        raise ValueError(_sentence(error, file, content)) from error
    origins = {key: str(file) for key, _ in flat(content)}
    origins |= {key: _variable(key) for key, _ in flat(given)}
    return ReadSettings(settings, file, origins)


def flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested tables with its dotted key."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise OSError(f"{file}: the settings cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: no TOML: {error}") from error


def _variable(key: str) -> str:
    return f"PEEPHOLE_{key.replace('.', '__').upper()}"


def _sentence(error: ValidationError, file: Path | None, content: Mapping[str, Any]) -> str:
    """Say the first mistake only: the next ones often follow from it."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    # A value of the environment is looked up by its variable, for a table may have been given as a whole.
    variable = next((name for name in _variables_of(place) if name in os.environ), None)
    where = variable or (f"{file}: {place}" if place else str(file))
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no such setting; 'peephole settings reference' lists them"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"


def _variables_of(place: str) -> Iterator[str]:
    steps = place.split(".")
    for count in range(len(steps), 0, -1):
        yield _variable(".".join(steps[:count]))
