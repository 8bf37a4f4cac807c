"""The reference of all settings, made from their descriptions."""

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from peephole.polygons import Polygon
from peephole.section import Section
from peephole.settings.household import Settings

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def reference() -> str:
    """Return Markdown with a table a section: key, what may be given, default, meaning."""
    parts = [_table("Outside of every table", _values(Settings.model_fields))]
    for name, model, several in _sections(Settings.model_fields):
        title = f"`[[{name}]]`" if several else f"`[{name}]`"
        parts.append(_table(title, _values(model.model_fields), Settings.model_fields[name.split(".")[0]].description))
        for inner, inner_model, many in _sections(model.model_fields):
            heading = f"`[[{name}.{inner}]]`" if many else f"`[{name}.{inner}]`"
            parts.append(_table(heading, _values(inner_model.model_fields), model.model_fields[inner].description))
    return "\n\n".join(part for part in parts if part)


def _table(title: str, fields: dict[str, FieldInfo], intro: str | None = None) -> str:
    if not fields:
        return ""
    rows = [
        f"| `{name}` | {_kind(field.annotation)}{_limits(field)} | {_default(field)} | {field.description} |"
        for name, field in fields.items()
    ]
    lines = [
        f"## {title}",
        *([intro] if intro else []),
        "\n".join(["| key | is | default | meaning |", "|---|---|---|---|", *rows]),
    ]
    return "\n\n".join(lines)


def _section(annotation: Any) -> tuple[type[Section], bool] | None:
    """Return the section that a field is, and whether there may be several; None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation, False
    for inner in get_args(annotation):
        if isinstance(inner, type) and issubclass(inner, Section):
            return inner, get_origin(annotation) in (tuple, list)
    return None


def _sections(fields: dict[str, FieldInfo]) -> Iterator[tuple[str, type[Section], bool]]:
    for name, field in fields.items():
        if found := _section(field.annotation):
            yield name, *found


def _values(fields: dict[str, FieldInfo]) -> dict[str, FieldInfo]:
    return {name: field for name, field in fields.items() if _section(field.annotation) is None}


def _kind(annotation: Any) -> str:
    if annotation == Polygon:
        return "list of points"
    if annotation in _WORDS:
        return _WORDS[annotation]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) in (tuple, list):
        return f"list of {_kind(get_args(annotation)[0])}"
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_kind(one) for one in get_args(annotation) if one is not type(None))
    return _kind(get_args(annotation)[0]) if get_args(annotation) else str(getattr(annotation, "__name__", annotation))


def _limits(field: FieldInfo) -> str:
    """Return the least and the most of a number."""
    limits = {
        name: value
        for rule in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if (value := getattr(rule, name, None)) is not None
    }
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return "".join(f", {words[name]} {value}" for name, value in limits.items())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    if field.default_factory is not None:
        return "depends on the machine"
    value = field.default
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
