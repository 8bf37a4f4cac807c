"""What is wrong with a value of the settings, in words of an owner and not of Python."""

from collections.abc import Mapping
from typing import Any

_SAID = {
    "tuple_type": 'this is a list, as in ["one", "other"]',
    "list_type": 'this is a list, as in ["one", "other"]',
    "path_type": "this is a path, a text in quotes",
    "string_type": "this is a text, in quotes",
    "model_type": "this is a table of its own",
    "model_attributes_type": "this is a table of its own",
    "finite_number": "this is a number",
}


def mistake(error: Mapping[str, Any]) -> str:
    """Return one of pydantic's `ValidationError.errors()` as a sentence, without its full stop."""
    kind = error["type"]
    if kind == "too_short":
        least = error["ctx"]["min_length"]
        return "choose at least one" if least == 1 else f"choose at least {least}"
    return _SAID.get(kind) or str(error["msg"]).removeprefix("Value error, ")
