"""Where the broker is, and what it may know and do."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from peephole.secret import Secret
from peephole.section import Section


def _topic(text: str) -> str:
    """Accept what topics may begin with: levels without wildcards, blanks or characters that brokers keep."""
    if text and not re.fullmatch(r"[^\s+#$/\x00][^\s+#/\x00]*(/[^\s+#/\x00]+)*", text):
        raise ValueError("topics are words with / between them, without + and #")
    return text


def _host(text: str | None) -> str | None:
    """Accept a name or an address alone; what else a broker's address may have is set beside it."""
    if text is not None and re.search(r"[\s/?#@]", text):
        raise ValueError(
            "a host is a name or an address alone, as broker.lan or 192.168.1.5, without mqtt:// or blanks"
        )
    return text


class Mqtt(Section):
    """The MQTT broker."""

    host: Annotated[
        str | None, AfterValidator(_host), Field(min_length=1, description="Address of the broker; none: no broker.")
    ] = None
    port: Annotated[int | None, Field(ge=1, le=65535, description="Its port; without one 1883, with TLS 8883.")] = None
    user: Annotated[str | None, Field(min_length=1, description="Name that the broker knows the doorbell by.")] = None
    password: Annotated[Secret | None, Field(description="The password that goes with it, a secret.")] = None
    tls: Annotated[bool, Field(description="Whether the broker is talked to over TLS.")] = False
    ca: Annotated[
        Path | None,
        Field(description="PEM file of the authority that signed the broker's certificate; none: those of the system."),
    ] = None
    device: Annotated[
        str,
        Field(
            pattern=r"^[a-zA-Z0-9_-]{1,40}$",
            description="Id of this doorbell on the broker, another one for each door; letters, digits, `_` and `-`.",
        ),
    ] = "peephole"
    name: Annotated[
        str, Field(min_length=1, max_length=40, description="What the doorbell is called in Home Assistant.")
    ] = "Doorbell"
    root: Annotated[
        str,
        AfterValidator(_topic),
        Field(description="What all topics begin with; empty: `doorbell/` and the id of the doorbell."),
    ] = ""
    discovery: Annotated[
        str,
        AfterValidator(_topic),
        Field(description="Home Assistant's discovery prefix; empty: the doorbell does not announce itself."),
    ] = "homeassistant"
    page: Annotated[
        str,
        Field(
            pattern=r"^(https?://\S+)?$",
            description="Address of the page as your browsers know it; Home Assistant shows it as a link.",
        ),
    ] = ""
    pictures: Annotated[
        Literal["off", "visits"], Field(description="Whether the best picture of each visit is published.")
    ] = "off"
    allow_ring: Annotated[bool, Field(description="Whether a message on `bell/press` rings the bell.")] = False
    allow_lock: Annotated[bool, Field(description="Whether messages on `lock/set` may open the door.")] = False
    lock_code: Annotated[
        Secret | None,
        Field(description="Code that such a message must hold, a secret; the doorbell checks it. None: none is asked."),
    ] = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.ca is not None and not self.tls:
            raise ValueError("ca is the authority of a TLS connection; say tls = true too")
        if self.password is not None and self.user is None:
            raise ValueError("a password needs a user")
        if self.lock_code is not None and not self.allow_lock:
            raise ValueError("lock_code is asked of messages that may open the door; say allow_lock = true too")
        return self

    @property
    def address(self) -> str:
        """Return host and port, as they are shown."""
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host
        return f"{host}:{self.used_port}"

    @property
    def used_port(self) -> int:
        """Return the port, the usual one where none is set."""
        return self.port or (8883 if self.tls else 1883)
