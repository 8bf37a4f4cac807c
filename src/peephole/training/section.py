"""What the sections of a training configuration share."""

from pydantic import ConfigDict


class Section:
    """A section in which a field that is not known is an error, since it is most likely misspelt."""

    __pydantic_config__ = ConfigDict(extra="forbid")
