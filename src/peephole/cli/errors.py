"""What a user sees when something goes wrong: one line on stderr and an exit code, never a traceback.

0: done. 1: the work failed. 2: wrong usage. 130: interrupted from the keyboard, which needs no words.
`PEEPHOLE_DEBUG=1` (or `peephole --debug`) lets the traceback through, for a bug report.
"""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from peephole.operations.log import Level, Speaker

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_speaker: "Speaker | None" = None


def describe(error: BaseException) -> str:
    """Say in one line what went wrong. Our own errors are shown as they are."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    elif isinstance(error, UnicodeEncodeError):  # of what was typed: bytes that are no text of this system
        text = "a name or a text that was given is not UTF-8; type it again"
    elif isinstance(error, OSError | ValueError | ImportError):
        text = str(error) or type(error).__name__
    else:
        text = f"unexpected {type(error).__name__}: {error} (PEEPHOLE_DEBUG=1 shows where)"
    return " ".join(text.split())


def speak_through(speaker: "Speaker | None") -> None:
    """Have `complain` say its lines through `speaker` until the command has ended; None: as plain lines."""
    global _speaker
    _speaker = speaker


def complain(text: str, who: str = "peephole", level: "Level" = "warning", **fields: object) -> None:
    """Say one line on stderr, of a level and with fields that only a log of JSON lines shows."""
    if _speaker is not None:
        _speaker(level, text, fields)
    else:
        print_line(text, who)


def print_line(text: str, who: str = "peephole") -> None:
    """Print one line on stderr; a closed stderr is nobody's loss."""
    if sys.stderr is None:  # closed by whoever started us; print would take stdout instead
        return
    try:
        print(f"{who}: {text}", file=sys.stderr, flush=True)
    except OSError:
        return


def _usage(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    who = context.command_path if context is not None else "peephole"
    # Empty where the help text was shown in place of a message.
    if message := " ".join(error.format_message().replace("Value error, ", "").split()):
        complain(f"{message.rstrip('.')}; see '{who} --help'", who)
    return USAGE


def _silence_stdout() -> None:
    # The reader has gone: point stdout at nothing, or the interpreter complains when it flushes at exit.
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def guarded(work: Callable[[], object]) -> int:
    """Run `work` (which may return an exit code) and turn whatever it raises into a line and an exit code."""
    if sys.stdout is None:  # the next file that is opened would take its number
        complain("stdout is closed; send it to a file, or to /dev/null")
        return FAILED
    try:
        code = work()
        sys.stdout.flush()
    except TyperException as error:
        return _usage(error)
    except BrokenPipeError:
        _silence_stdout()
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("PEEPHOLE_DEBUG", "0") not in ("", "0"):
            raise
        complain(describe(error), level="error")
        return FAILED
    finally:
        speak_through(None)
    return code if isinstance(code, int) else DONE
