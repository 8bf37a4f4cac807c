"""Whether and for whom the door is opened, and what opens it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from peephole.people.hours import Hours
from peephole.secret import Secret
from peephole.section import Section


def _hours(text: str) -> str:
    Hours.parse(text)
    return text


class DoorSettings(Section):
    """The door."""

    mode: Annotated[
        Literal["off", "dry-run", "on"],
        Field(description="Whether the door is opened; `dry-run` decides and writes the log, and nothing moves."),
    ] = "off"
    actuator: Annotated[
        Literal["none", "gpio", "webhook"], Field(description="What opens it; `none` is enough for a dry run.")
    ] = "none"
    pin: Annotated[int | None, Field(ge=0, le=63, description="GPIO line of the relay, in Broadcom's numbers.")] = None
    active_high: Annotated[
        bool, Field(description="Whether the relay opens the door while the line is high; else while it is low.")
    ] = True
    webhook: Annotated[
        Secret | None,
        Field(description="Address that a POST request is sent to, a secret; redirects are not followed."),
    ] = None
    pulse_seconds: Annotated[float, Field(ge=0.2, le=10, description="How long the door is held open.")] = 3.0
    open_rate: Annotated[
        float,
        Field(
            gt=0,
            le=2e-3,
            description="How often one look at a stranger may be within the door's bar of anybody, all people together."
            " A rate below those that the network was measured at counts as the lowest of them.",
        ),
    ] = 1e-4
    margin_factor: Annotated[
        float,
        Field(ge=1, le=100, description="So many times as clearly as for a greeting it must be nobody else."),
    ] = 2.0
    least_looks: Annotated[
        int, Field(ge=3, le=10, description="Good looks that must each show the person, within the door's bar.")
    ] = 5
    least_seconds: Annotated[
        float, Field(ge=0.5, le=30, description="Time between the first and the last of these looks.")
    ] = 1.0
    hours: Annotated[
        str,
        AfterValidator(_hours),
        Field(description="When the door opens for anybody's face, as `mon-fri 07:00-20:00`; empty: at any time."),
    ] = ""
    most_openings: Annotated[int, Field(ge=1, le=60, description="Openings within an hour, the owner's own too.")] = 6
    lock_out_after: Annotated[
        int, Field(ge=1, le=20, description="After so many suspicious refusals faces do not open the door for a while.")
    ] = 3
    lock_out_minutes: Annotated[
        int, Field(ge=1, le=1440, description="How long that is, and within what time they count.")
    ] = 15
    liveness: Annotated[
        Literal["required", "off"],
        Field(
            description="Whether a face must pass a check that it is no photo. With `off` a photo may open the door."
        ),
    ] = "required"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.mode == "on" and self.actuator == "none":
            raise ValueError("mode is on, and nothing opens the door; set actuator, or mode = 'dry-run'")
        if self.actuator == "gpio" and self.pin is None:
            raise ValueError("actuator gpio needs the pin of the relay")
        if self.actuator == "webhook" and self.webhook is None:
            raise ValueError("actuator webhook needs the webhook's address")
        return self
