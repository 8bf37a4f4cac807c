"""What configurations share: sections without unknown fields, read from TOML files, and errors that name the field."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

# Numbers of a configuration: not NaN, not infinite, and in the range that makes sense.
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section:
    """A section in which a field that is not known is an error, since it is most likely misspelt."""

    __pydantic_config__ = ConfigDict(extra="forbid")


Kind = TypeVar("Kind", bound=Section)


def as_section(kind: type[Kind], raw: dict[str, Any], source: str) -> Kind:
    """Check what a TOML file holds. Raises `ValueError` naming `source` and the field that is wrong or unknown."""
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{source}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises `FileNotFoundError`, or `ValueError` naming the file."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{path}: not valid TOML: lists lie too deep in lists") from error
