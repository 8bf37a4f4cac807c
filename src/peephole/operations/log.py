"""Lines about what happens: for people on a terminal, as JSON for a journal."""

import logging
import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from peephole.section import Section

Level = Literal["info", "warning", "error"]
Speaker = Callable[[Level, str, dict[str, object]], None]
"""Takes a line's level, its text, and further fields."""

_RANKS: dict[str, int] = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Log(Section):
    """What the doorbell says of itself on stderr."""

    format: Annotated[
        Literal["auto", "text", "json"],
        Field(
            description="`text`: plain lines; `json`: one object a line, with a visit's outcome and reason but no "
            "names; `auto`: `json` where systemd's journal listens."
        ),
    ] = "auto"
    level: Annotated[
        Level, Field(title="Level of the log", description="The least important lines that are shown.")
    ] = "info"

    @property
    def as_json(self) -> bool:
        """Whether lines are JSON objects."""
        return self.format == "json" or (self.format == "auto" and journal_listens())


def journal_listens() -> bool:
    """Tell whether stderr goes to systemd's journal: $JOURNAL_STREAM names its device and inode."""
    try:
        there = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


def speaker(log: Log, plain: Callable[[str], None]) -> Speaker:
    """Return what writes lines as the settings say. plain: writes one for people."""
    least = _RANKS[log.level]
    if not log.as_json:

        def say(level: Level, text: str, fields: dict[str, object]) -> None:
            if _RANKS[level] >= least:
                plain(text)

        return say
    return _json_speaker(least)


def _json_speaker(least: int) -> Speaker:
    import structlog

    logger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
    )

    def say(level: Level, text: str, fields: dict[str, object]) -> None:
        try:
            getattr(logger, level)(text, **fields)
        except OSError:
            return  # a closed stderr is nobody's loss

    server = logging.getLogger("uvicorn")
    server.handlers = [_Forward(say)]
    server.propagate = False
    return say


class _Forward(logging.Handler):
    """Hands on what the web server's library says."""

    def __init__(self, say: Speaker) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Say it with its level, in one line; of an error its kind and its place, but not its words."""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        error = record.exc_info[1] if record.exc_info else None
        fields: dict[str, object] = {}
        if error is not None:
            last = traceback.extract_tb(error.__traceback__)[-1:]
            fields = {"error": type(error).__name__, "where": [f"{one.filename}:{one.lineno}" for one in last]}
        self._say(level, record.getMessage().split("\n")[0], {"part": "web", **fields})
