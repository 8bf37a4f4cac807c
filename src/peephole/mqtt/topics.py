"""Names of all topics."""

from dataclasses import dataclass

from peephole.mqtt.settings import Mqtt

ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True)
class Topics:
    """The topics of one doorbell.

    Attributes:
        root: what those of its own begin with.
        discovery: where Home Assistant looks for devices and says that it is there; empty: nowhere.
        device: id of the doorbell.
    """

    root: str
    discovery: str
    device: str

    @classmethod
    def of(cls, settings: Mqtt) -> "Topics":
        """Return the topics that the settings lead to."""
        return cls(settings.root or f"doorbell/{settings.device}", settings.discovery, settings.device)

    @property
    def status(self) -> str:
        """`online` or `offline`, retained; the broker itself says `offline` when the doorbell is gone."""
        return f"{self.root}/status"

    @property
    def bell(self) -> str:
        """The bell was pressed."""
        return f"{self.root}/event/bell"

    @property
    def visitor(self) -> str:
        """Who is at the door, once that is decided."""
        return f"{self.root}/event/visitor"

    @property
    def door(self) -> str:
        """The door was opened, or would have been in a dry run."""
        return f"{self.root}/event/door"

    @property
    def challenge(self) -> str:
        """What the visitor is to do so that the door opens, or what became of it."""
        return f"{self.root}/event/challenge"

    @property
    def last_person(self) -> str:
        """Who was at the door last, retained."""
        return f"{self.root}/last_person"

    @property
    def last_visit(self) -> str:
        """More about that visit, retained."""
        return f"{self.root}/last_visit"

    @property
    def picture(self) -> str:
        """Its best picture, a JPEG; never retained."""
        return f"{self.root}/picture"

    @property
    def strangers(self) -> str:
        """How many strangers wait to be named, retained."""
        return f"{self.root}/strangers"

    @property
    def present(self) -> str:
        """`ON` while somebody is at the door, else `OFF`, retained."""
        return f"{self.root}/present"

    @property
    def camera(self) -> str:
        """`ON` while the camera gives pictures, else `OFF`, retained."""
        return f"{self.root}/camera"

    @property
    def lock(self) -> str:
        """How the lock is, retained."""
        return f"{self.root}/lock/state"

    @property
    def lock_out(self) -> str:
        """`ON` while faces or codes wait after too many refusals, else `OFF`, retained; where a door is set up."""
        return f"{self.root}/lock_out"

    @property
    def lock_answer(self) -> str:
        """What became of the last command, retained."""
        return f"{self.root}/lock/answer"

    @property
    def lock_command(self) -> str:
        """`UNLOCK`, `OPEN` or `LOCK`, to the doorbell."""
        return f"{self.root}/lock/set"

    @property
    def press(self) -> str:
        """Anything rings the bell, to the doorbell."""
        return f"{self.root}/bell/press"

    @property
    def machine(self) -> str:
        """Which machine this doorbell runs on, retained; another one there goes by the same id."""
        return f"{self.root}/machine"

    @property
    def config(self) -> str:
        """The device, as Home Assistant discovers it, retained."""
        return f"{self.discovery}/device/{self.device}/config"

    @property
    def home_assistant(self) -> str:
        """Where Home Assistant says `online` when it has started."""
        return f"{self.discovery}/status"
