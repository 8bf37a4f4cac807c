"""Whether and for whom the door is opened, and what opens it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from peephole.people.hours import checked_hours
from peephole.secret import Secret
from peephole.section import Section


class DoorSettings(Section):
    """The door."""

    mode: Annotated[
        Literal["off", "dry-run", "on"],
        Field(
            title="Mode of the door",
            description="Whether the door is opened; `dry-run` decides and writes the log, and nothing moves.",
        ),
    ] = "off"
    dry_run_first: Annotated[
        bool,
        Field(
            description='Whether `mode = "on"` is only a dry run until one was seen: a live camera has shown somebody'
            " for whom the door would have opened, with `liveness` as it is set. With `false` it opens at once."
        ),
    ] = True
    camera: Annotated[
        str | None,
        Field(description="Name of the camera at the door; without one the first. Faces elsewhere open nothing."),
    ] = None
    actuator: Annotated[
        Literal["none", "gpio", "webhook", "mqtt"], Field(description="What opens it; `none` is enough for a dry run.")
    ] = "none"
    pin: Annotated[int | None, Field(ge=0, le=63, description="GPIO line of the relay, in Broadcom's numbers.")] = None
    active_high: Annotated[
        bool, Field(description="Whether the relay opens the door while the line is high; else while it is low.")
    ] = True
    webhook: Annotated[
        Secret | None,
        Field(description="Address that a POST request is sent to, a secret; redirects are not followed."),
    ] = None
    mqtt_topic: Annotated[
        str | None,
        Field(
            pattern=r"^[^\s+#$\x00][^+#\x00]{0,199}$",
            description="Topic of the broker of `[mqtt]` on which the lock hears what to do.",
        ),
    ] = None
    mqtt_open: Annotated[
        str, Field(min_length=1, max_length=1000, description="Message that opens it; with QoS 0, never retained.")
    ] = "ON"
    mqtt_close: Annotated[
        str, Field(max_length=1000, description="Message that shuts it; empty: it shuts by itself after its own time.")
    ] = ""
    pulse_seconds: Annotated[
        float, Field(title="Seconds that it is held open", ge=0.2, le=10, description="How long the door is held open.")
    ] = 3.0
    open_rate: Annotated[
        float,
        Field(
            title="How often a stranger's look may fit",
            gt=0,
            le=2e-3,
            description="How often one look at a stranger may be within the door's bar of anybody, all people together;"
            " 0.0001 is one look in 10,000."
            " A rate below those that the network was measured at counts as the lowest of them.",
        ),
    ] = 1e-4
    margin_factor: Annotated[
        float,
        Field(
            title="Margin to anybody else, times the usual one",
            ge=1,
            le=100,
            description="So many times as clearly as for a greeting it must be nobody else.",
        ),
    ] = 2.0
    least_looks: Annotated[
        int,
        Field(
            title="Good looks that it takes",
            ge=3,
            le=10,
            description="Good looks that must each show the person, within the door's bar.",
        ),
    ] = 5
    least_seconds: Annotated[
        float,
        Field(
            title="Seconds between the first and the last look",
            ge=0.5,
            le=30,
            description="Time between the first and the last of these looks.",
        ),
    ] = 1.0
    hours: Annotated[
        str,
        AfterValidator(checked_hours),
        Field(
            title="Hours in which it opens for faces",
            description="When the door opens for anybody's face, as `mon-fri 07:00-20:00`; empty: at any time.",
        ),
    ] = ""
    require_ring: Annotated[
        bool,
        Field(
            title="Only for those who ring",
            description="Whether a face opens the door only in a visit in which the bell was pressed; who passes by"
            " then opens nothing.",
        ),
    ] = False
    most_openings: Annotated[
        int,
        Field(
            title="Most openings in an hour", ge=1, le=60, description="Openings within an hour, the owner's own too."
        ),
    ] = 6
    lock_out_after: Annotated[
        int,
        Field(
            title="Suspicious refusals before a lock-out",
            ge=1,
            le=20,
            description="After so many suspicious refusals faces do not open the door for a while.",
        ),
    ] = 3
    lock_out_minutes: Annotated[
        int,
        Field(
            title="Minutes of a lock-out",
            ge=1,
            le=1440,
            description="How long that is, and within what time they count.",
        ),
    ] = 15
    liveness: Annotated[
        Literal["required", "off"],
        Field(
            title="Liveness: check that a face is no photo",
            description="Whether a face must pass a check that it is no photo. With `off` a photo may open the door.",
        ),
    ] = "required"
    challenge: Annotated[
        Literal["off", "turn"],
        Field(
            title="Challenge: ask visitors to turn the head",
            description="Whether a known person must also turn the head as asked; something at the door must tell how"
            " (the event `challenge`).",
        ),
    ] = "off"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.mode == "on" and self.actuator == "none":
            raise ValueError("mode is on, and nothing opens the door; set actuator, or mode = 'dry-run'")
        if self.actuator == "gpio" and self.pin is None:
            raise ValueError("actuator gpio needs the pin of the relay")
        if self.actuator == "webhook" and self.webhook is None:
            raise ValueError("actuator webhook needs the webhook's address")
        if self.actuator == "mqtt" and self.mqtt_topic is None:
            raise ValueError("actuator mqtt needs the topic of the lock, mqtt_topic")
        if self.challenge != "off" and self.liveness == "off":
            raise ValueError("challenge is on and liveness is off; a challenge is a part of the liveness check")
        return self
