"""All settings of a household."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from peephole.bell.settings import BellSettings
from peephole.door.settings import DoorSettings
from peephole.doorbell.settings import Recognition
from peephole.mqtt.settings import Mqtt
from peephole.notify.settings import Notify
from peephole.operations.log import Log
from peephole.polygons import WHOLE, Polygon, checked_polygon, is_covered
from peephole.section import Section
from peephole.settings.files import default_data_folder
from peephole.store.keys import Storage
from peephole.store.retention import Retention
from peephole.sync.settings import Sync


def _shown(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a name is one line of characters that can be shown, without blanks around it")
    return name


def _polygons(value: Any) -> tuple[Polygon, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("masks is a list of polygons, as in [[[0, 0], [0.3, 0], [0.3, 0.4]]]")
    return tuple(map(checked_polygon, value))


class Camera(Section):
    """One camera of the household."""

    name: Annotated[
        str,
        AfterValidator(_shown),
        Field(min_length=1, max_length=40, description="What the camera is called on the page."),
    ]
    source: Annotated[
        str,
        Field(
            min_length=1,
            description="What it is: `camera:N`, `rtsp://..`, a recording, a folder of pictures, or `demo`.",
        ),
    ]
    masks: Annotated[
        tuple[Polygon, ...],
        BeforeValidator(_polygons),
        Field(
            description="Polygons that are black in every picture, before anything or anybody sees it. A point is "
            "`[x, y]` in shares of the picture, from the upper left."
        ),
    ] = ()
    zone: Annotated[
        Polygon | None,
        BeforeValidator(lambda value: None if value is None else checked_polygon(value)),
        Field(description="A polygon: only faces whose middle lies in it are looked at."),
    ] = None

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        if self.masks and is_covered(self.zone or WHOLE, self.masks):
            what = "picture" if self.zone is None else "zone"
            raise ValueError(f"the masks cover the whole {what}, so nobody would ever be seen; draw them smaller")
        return self


class Page(Section):
    """The page."""

    host: Annotated[str, Field(min_length=1, description="Address on which the page is served.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Its port; 0 takes a free one.")] = 8642
    certificate: Annotated[
        Path | None, Field(description="PEM file of a certificate; with it the page is served over TLS.")
    ] = None
    private_key: Annotated[Path | None, Field(description="PEM file of the certificate's private key.")] = None
    names: Annotated[tuple[str, ...], Field(description="Further names under which the page may be asked for.")] = ()
    strict_days: Annotated[
        int,
        Field(
            ge=0,
            le=730,
            description="With a certificate: for so many days a browser that came once asks for nothing at this name "
            "without TLS, on whichever port; 0: it is not told so.",
        ),
    ] = 7

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
    recognition: Annotated[Recognition, Field(description="How sure the doorbell must be before it says a name.")] = (
        Recognition()
    )
    retention: Annotated[
        Retention, Field(description="What is kept, and for how many days; 0: until the owner removes it.")
    ] = Retention()
    storage: Annotated[Storage, Field(description="How people, strangers and visits are kept.")] = Storage()
    page: Annotated[Page, Field(description="Where the page is served.")] = Page()
    mqtt: Annotated[Mqtt, Field(description="The MQTT broker that the doorbell reports to.")] = Mqtt()
    door: Annotated[DoorSettings, Field(description="Whether the door is opened, for whom and by what.")] = (
        DoorSettings()
    )
    bell: Annotated[BellSettings, Field(description="A button that rings.")] = BellSettings()
    notify: Annotated[Notify, Field(description="Messages to you: whom, of what, and when not.")] = Notify()
    sync: Annotated[Sync, Field(description="Other doors of yours, and the people shared with them.")] = Sync()
    log: Annotated[Log, Field(description="What the doorbell says on stderr.")] = Log()

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        names = [camera.name.casefold() for camera in self.cameras]
        if twice := next((camera.name for camera in self.cameras if names.count(camera.name.casefold()) > 1), None):
            raise ValueError(f"two cameras have the same name: {twice}")
        for section, named in (("door", self.door.camera), ("bell", self.bell.camera)):
            if named is not None and named not in [camera.name for camera in self.cameras]:
                raise ValueError(f"{section}.camera: none of the [[cameras]] has the name {named}")
        if self.door.actuator == "mqtt" and self.mqtt.host is None:
            raise ValueError("door.actuator: mqtt needs a broker; name its host in [mqtt]")
        if self.bell.pin is not None and self.door.actuator == "gpio" and self.bell.pin == self.door.pin:
            raise ValueError(f"bell.pin: line {self.bell.pin} is the door's; a button has a line of its own")
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
