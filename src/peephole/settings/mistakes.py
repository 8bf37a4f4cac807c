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


WRITTEN = {
    r"^(https?://[^\s?#]+)?$": "an address is written as http://doorbell.lan:8642, without ? and #",
    r"^(https?://\S+)?$": "an address is written as http://doorbell.lan:8642",
    r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,39}$": "a name is up to 40 letters from A to Z, digits, blanks, _ and -, "
    "a letter or digit first",
    r"^[a-zA-Z0-9_-]{1,40}$": "an id is up to 40 letters from A to Z, digits, _ and -",
    r"^[^\s+#$\x00][^+#\x00]{0,199}$": "a topic is words with / between them, without + and #",
}
"""How a value is written, by the pattern that it has to fit."""


def mistake(error: Mapping[str, Any]) -> str:
    """Return one of pydantic's `ValidationError.errors()` as a sentence, without its full stop."""
    kind = error["type"]
    if kind == "too_short":
        least = error["ctx"]["min_length"]
        return "choose at least one" if least == 1 else f"choose at least {least}"
    if kind == "string_pattern_mismatch" and error["ctx"]["pattern"] in WRITTEN:
        return WRITTEN[error["ctx"]["pattern"]]
    return _SAID.get(kind) or str(error["msg"]).removeprefix("Value error, ")
