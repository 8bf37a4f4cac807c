"""What to do about a memory that is too small, as far as the numbers tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peephole.compiler.schedule import Passes
    from peephole.fixedpoint.program import IntegerProgram


@contextmanager
def advised(program: "IntegerProgram", passes: "Passes", device: bool = False) -> Iterator[None]:
    """Add what would help to a refusal for want of memory. Raises it as `ValueError`."""
    from peephole.compiler.planner import NoRoomError

    try:
        yield
    except NoRoomError as error:
        ways = [f"raise --{error.level.lower()}"]
        left_out = {
            "--no-streaming": not passes.streaming,
            "--no-in-place": not passes.in_place,
            "--no-concatenation": not passes.concatenate,
        }
        if any(left_out.values()):
            ways.append(f"leave out {' and '.join(option for option, given in left_out.items() if given)}")
        if device:
            ways.append("take fewer --users or --strangers, less --code or, if it is at work then, a smaller network")
        elif program.input.bits == 8:
            ways.append("take a smaller input or narrower layers")
        elif error.needed > 2 * error.there:
            ways.append("take a smaller input or narrower layers; 8 bits for 16 would not be enough")
        else:
            ways.append("take 8 bits, which need about half, a smaller input or narrower layers")
        raise ValueError(f"{error}; {', or '.join(ways)}") from error
