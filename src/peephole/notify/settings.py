"""Whom the doorbell tells of what, and when it leaves them alone."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from peephole.people.hours import checked_hours
from peephole.secret import Secret
from peephole.section import Section

Happening = Literal["known", "stranger", "unsure", "ring", "opened", "suspicious", "problem"]
"""What there is to tell: a person with a name, somebody without one, somebody who was not made out, the bell, the door
that opened, what the door took for a trick, something that the owner should put right."""


class Target(Section):
    """Somebody who is told."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,39}$",
            description="What this target is called on the page and in logs; letters, digits, blanks, `_` and `-`.",
        ),
    ]
    service: Annotated[
        Literal["apprise", "webhook"],
        Field(description="Who delivers: Apprise, which knows many services, or a POST of JSON to your own program."),
    ] = "apprise"
    url: Annotated[
        Secret,
        Field(description="Where to, a secret: an address of Apprise, or the `http://` or `https://` of a webhook."),
    ]
    key: Annotated[
        Secret | None, Field(description="Of a webhook: the secret that messages are signed with; none: unsigned.")
    ] = None
    active: Annotated[bool, Field(title="Tell this target", description="Whether it is told anything at all.")] = True
    events: Annotated[
        tuple[Happening, ...],
        Field(
            title="What it is told of",
            min_length=1,
            description="What it is told of: `known`, somebody whom you named; `stranger`, somebody whom nobody named; "
            "`unsure`, a face that could not be made out; `ring`, the bell; `opened`, the door; `suspicious`, what "
            "looked like a trick; `problem`, what you should put right.",
        ),
    ] = ("stranger", "ring", "known", "opened", "suspicious")
    pictures: Annotated[
        bool,
        Field(
            title="Send a small picture of the face",
            description="Whether it gets a small picture of the face, which whoever runs its service can see, too.",
        ),
    ] = False
    actions: Annotated[
        bool,
        Field(
            title="Buttons in its messages",
            description="Whether its messages have buttons, where there is a link in messages, too (`notify.link`): "
            "open the visit, who is this, and ignore; the last needs no password, so whoever reads the message may "
            "press it, once.",
        ),
    ] = False

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.key is not None and self.service != "webhook":
            raise ValueError("key signs the messages of a webhook; say service = 'webhook' too")
        return self


class Notify(Section):
    """Messages to the owner."""

    targets: Annotated[
        tuple[Target, ...],
        Field(description="Who is told, each a `[[notify.targets]]` of its own; none: nobody, and nothing is sent."),
    ] = ()
    quiet_hours: Annotated[
        str,
        AfterValidator(checked_hours),
        Field(
            title="Quiet hours", description="When nobody is told, as in `22:00-7:00, sun 13:00-15:00`; empty: never."
        ),
    ] = ""
    even_in_quiet_hours: Annotated[
        tuple[Happening, ...],
        Field(title="Also in quiet hours", description="What is told in quiet hours all the same."),
    ] = ("ring", "suspicious", "problem")
    cool_down_minutes: Annotated[
        float,
        Field(
            title="Minutes until the same person is told of again",
            ge=0,
            le=10080,
            description="So long after the last message about somebody, their next visit is not told.",
        ),
    ] = 5.0
    link: Annotated[
        str,
        Field(
            title="Link in messages",
            pattern=r"^(https?://[^\s?#]+)?$",
            description="Address of the page as your phone knows it; messages then carry a link to the visit.",
        ),
    ] = ""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [target.name.casefold() for target in self.targets]
        if len(set(names)) < len(names):
            raise ValueError("two targets have the same name")
        return self
