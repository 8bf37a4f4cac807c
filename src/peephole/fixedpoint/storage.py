"""Reading and writing of programs: a .safetensors file, structure as JSON in its metadata.

The structure holds no array: an array field `weight` of layer `fire2.squeeze` is the file's tensor
`fire2.squeeze.weight`. Layers are any dataclasses with a `kind`.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from peephole.whole_files import write_whole

VERSION = 1
T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]


def to_record(item: Any, arrays: Arrays) -> dict[str, Any]:
    """Return the plain fields of a dataclass; its arrays are put into `arrays` under `<name>.<field>`.

    A field that has its default is left out: what was added since does not change older programs.
    """
    record: dict[str, Any] = {"kind": item.kind} if hasattr(item, "kind") else {}
    for field in dataclasses.fields(item):
        value = getattr(item, field.name)
        if isinstance(value, np.ndarray):
            arrays[f"{item.name}.{field.name}"] = np.ascontiguousarray(value)
        elif value != field.default:
            record[field.name] = value
    return record


def from_record(cls: type[T], record: Any, arrays: Mapping[str, NDArray[Any]]) -> T:
    """Make a dataclass of its record. Raises `ValueError` for a field that is missing or of a wrong type."""
    where = f"{cls.__name__} {record.get('name')!r}" if isinstance(record, dict) else cls.__name__
    if not isinstance(record, dict):
        raise ValueError(f"{where}: is not an object")
    values: dict[str, Any] = {}
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        source = arrays if _is_array(hints[field.name]) else record
        key = f"{record.get('name')}.{field.name}" if source is arrays else field.name
        if key not in source:
            if field.default is not dataclasses.MISSING:
                continue
            raise ValueError(f"{where}: has no {field.name}")
        value = source[key]
        kinds = typing.get_args(hints[field.name]) or (hints[field.name],)
        if source is record and type(value) not in kinds:
            raise ValueError(f"{where}: {field.name} is {value!r}, must be of type {kinds[0].__name__}")
        values[field.name] = value
    return cls(**values)


def _is_array(hint: Any) -> bool:
    return isinstance(hint, types.GenericAlias) or typing.get_origin(hint) is np.ndarray


def write(path: Path, kind: str, structure: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a program file, of equal content in equal bytes; whoever reads `path` meanwhile sees the old or the new."""
    text = json.dumps(structure, separators=(",", ":"))
    metadata = {"format": f"peephole {kind}", "version": str(VERSION), "structure": text}
    try:
        content = _ordered(save(arrays, metadata))
    except SafetensorError as error:
        raise OSError(f"{path}: could not be written: {error}") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


def _ordered(file: bytes) -> bytes:
    """Return a .safetensors file with its metadata in order: the library writes them as its hash map lies that day."""
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # arrays begin at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + file[start:]


def read(path: Path, kind: str) -> tuple[dict[str, Any], Arrays]:
    """Return structure and arrays of a program file.

    Raises `FileNotFoundError` where there is none, `PermissionError` where it may not be read, `ValueError` for a
    truncated or foreign file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; name a peephole {kind} (.safetensors)")
    path.open("rb").close()  # raises where it may not be read, which safe_open would call missing
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: truncated, damaged or not a .safetensors file; fetch or make it again") from error
    if metadata.get("format") != f"peephole {kind}":
        what = metadata.get("format", "something else")
        raise ValueError(f"{path}: holds {what}, not a peephole {kind}")
    if metadata.get("version") != str(VERSION):
        raise ValueError(f"{path}: format version {metadata.get('version')}, this program reads {VERSION}; update it")
    try:
        structure = json.loads(metadata.get("structure", ""))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: its structure is not valid JSON; make the file again") from error
    if not isinstance(structure, dict):
        raise ValueError(f"{path}: its structure is not a JSON object; make the file again")
    return structure, arrays
