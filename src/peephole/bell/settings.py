"""The button, and where it rings."""

from typing import Annotated

from pydantic import Field

from peephole.section import Section


class BellSettings(Section):
    """The bell."""

    pin: Annotated[
        int | None,
        Field(ge=0, le=63, description="GPIO line of a button that rings, in Broadcom's numbers; none: no button."),
    ] = None
    active_high: Annotated[
        bool, Field(description="Whether the line is high while the button is pressed; else low, against ground.")
    ] = False
    camera: Annotated[str | None, Field(description="Name of the camera at which it rings; without one the first.")] = (
        None
    )
