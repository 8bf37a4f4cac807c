"""How sure the doorbell must be, as far as an owner may want to say."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from peephole.doorbell.policy import Policy
from peephole.section import Section


class Recognition(Section):
    """Bars between known, unsure and stranger; rates, so that they fit any number of people."""

    known_rate: Annotated[
        float,
        Field(
            title="Known",
            gt=0,
            le=0.1,
            description="How often one look at a stranger may count for somebody known, all people together; 0.002 is"
            " one look in 500. A visit errs less often, as most of its looks have to.",
        ),
    ] = 2e-3
    stranger_rate: Annotated[
        float,
        Field(
            title="Stranger",
            gt=0,
            le=0.1,
            description="The same for the outer bar: who is beyond it is a stranger, who is between the two stays"
            " unsure.",
        ),
    ] = 1e-2

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stranger_rate < self.known_rate:
            raise ValueError("the bar of strangers lies within the one of the known; raise stranger_rate")
        return self


def policy_of(recognition: Recognition) -> Policy:
    """Return how a doorbell decides by these bars."""
    return Policy(known_rate=recognition.known_rate, stranger_rate=recognition.stranger_rate)
