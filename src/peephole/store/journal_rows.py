"""How rows stand in the journal: columns as JSON, with bytes in base64, or as digests where they are only compared."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]


def difference(before: Row | None, after: Row | None, also: Iterable[str] = ()) -> tuple[str | None, str | None]:
    """Return the columns that changed, as they were and as they are; of a new or a deleted row all of them.

    also: columns that are told as they are, whether or not they changed.
    """
    if before is None or after is None:
        return (
            None if before is None else text_of(before, digests=False),
            None if after is None else text_of(after, digests=True),
        )
    changed = [name for name in after if before[name] != after[name]]
    return (
        text_of({name: before[name] for name in changed}, digests=False),
        text_of({name: after[name] for name in dict.fromkeys([*changed, *also])}, digests=True),
    )


def text_of(row: Row, *, digests: bool) -> str:
    """Write a row; digests: stand for bytes in place of what they are of."""

    def value(one: Any) -> Any:
        if not isinstance(one, bytes):
            return one
        if digests:
            return {"sha256": hashlib.sha256(one).hexdigest()}
        return {"base64": base64.b64encode(one).decode("ascii")}

    return json.dumps({name: value(one) for name, one in row.items()})


def row_of(text: str) -> Row:
    """Read a row that was written without digests."""

    def value(one: Any) -> Any:
        return base64.b64decode(one["base64"]) if isinstance(one, dict) else one

    return {name: value(one) for name, one in json.loads(text).items()}
