"""What every section of the settings is: frozen, explained, and strict about names."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the settings file. Every field has a description, from which the reference is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)
