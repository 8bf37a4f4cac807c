"""How people are shared between the doors of a household."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from peephole.section import Section


class Sync(Section):
    """Other doors of the household."""

    name: Annotated[
        str, Field(max_length=40, description="What this door is called where it introduces itself; empty: the host.")
    ] = ""
    folder: Annotated[
        Path | None,
        Field(
            description="A folder that all doors see, mounted or kept the same by a program of yours; people are "
            "written into it and read from it by themselves. None: only by `peephole doors export` and `import`."
        ),
    ] = None
    accept_may_open: Annotated[
        bool,
        Field(
            description="Whether other doors may decide for whom this one opens. Without it their `may_open` does not "
            "count, and they change neither looks nor rules of whoever may open here."
        ),
    ] = False
    keys: Annotated[
        Path | None,
        Field(
            description="File of this door's own keys, made at the first use; none: `door.key` beside the usual "
            "settings file."
        ),
    ] = None
