"""All settings of a household."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from peephole.door.settings import DoorSettings
from peephole.mqtt.settings import Mqtt
from peephole.notify.settings import Notify
from peephole.operations.log import Log
from peephole.section import Section
from peephole.settings.files import default_data_folder
from peephole.store.keys import Storage
from peephole.store.retention import Retention


class Camera(Section):
    """One camera of the household."""

    name: Annotated[str, Field(min_length=1, max_length=40, description="What the camera is called on the page.")]
    source: Annotated[
        str,
        Field(
            min_length=1,
            description="What it is: `camera:N`, `rtsp://..`, a recording, a folder of pictures, or `demo`.",
        ),
    ]


class Page(Section):
    """The page."""

    host: Annotated[str, Field(min_length=1, description="Address on which the page is served.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Its port; 0 takes a free one.")] = 8642
    certificate: Annotated[
        Path | None, Field(description="PEM file of a certificate; with it the page is served over TLS.")
    ] = None
    private_key: Annotated[Path | None, Field(description="PEM file of the certificate's private key.")] = None
    names: Annotated[tuple[str, ...], Field(description="Further names under which the page may be asked for.")] = ()

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("a certificate needs a private_key, and the other way round")
        return self


class Settings(BaseSettings):
    """The whole file. What a variable of the environment says, `PEEPHOLE_PAGE__PORT` for one, outranks the file."""

    model_config = SettingsConfigDict(
        env_prefix="PEEPHOLE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data: Annotated[
        Path,
        Field(
            default_factory=default_data_folder,
            description="Folder of people, strangers and visits. `--data` outranks it.",
        ),
    ]
    cameras: Annotated[
        tuple[Camera, ...],
        Field(
            description="The cameras, each a `[[cameras]]` of its own; none: a camera of this machine, else the demo."
        ),
    ] = ()
    retention: Annotated[
        Retention, Field(description="How long things are kept, in days; 0: until the owner removes them.")
    ] = Retention()
    storage: Annotated[Storage, Field(description="How people, strangers and visits are kept.")] = Storage()
    page: Annotated[Page, Field(description="Where the page is served.")] = Page()
    mqtt: Annotated[Mqtt, Field(description="The MQTT broker that the doorbell reports to.")] = Mqtt()
    door: Annotated[DoorSettings, Field(description="Whether the door is opened, for whom and by what.")] = (
        DoorSettings()
    )
    notify: Annotated[Notify, Field(description="Messages to you: whom, of what, and when not.")] = Notify()
    log: Annotated[Log, Field(description="What the doorbell says on stderr.")] = Log()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [camera.name.casefold() for camera in self.cameras]
        if len(set(names)) < len(names):
            raise ValueError("two cameras have the same name")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment outrank the file, whose content is what the class is called with."""
        return env_settings, init_settings
