"""The parts of the running household that the pages of settings work with; only the host's own door has them."""

from dataclasses import dataclass

from peephole.accounts.accounts import Accounts
from peephole.door.opener import DoorOpener
from peephole.listening import Service
from peephole.notify.notifier import Notifier
from peephole.settings.household import Settings
from peephole.settings.owner import OwnerSettings
from peephole.store.store import Store


@dataclass(frozen=True)
class HouseholdParts:
    """The running household as far as an owner may change or inspect it.

    Attributes:
        owner: the settings in force, and the owner's own.
        store: what is kept.
        accounts: who may sign in; None: whoever reaches the page may do everything.
        services: everything that runs beside the doorbell.
        cameras: connections to cameras.
    """

    owner: OwnerSettings
    store: Store
    accounts: Accounts | None
    services: tuple[Service, ...]
    cameras: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self.owner.settings

    @property
    def notifier(self) -> Notifier | None:
        """What tells the owner; None where the settings name nobody."""
        return next((one for one in self.services if isinstance(one, Notifier)), None)

    @property
    def opener(self) -> DoorOpener | None:
        """What opens the door."""
        return next((one for one in self.services if isinstance(one, DoorOpener)), None)

    @property
    def broker(self) -> Service | None:
        """What is connected to the MQTT broker; known by its room, for the package that it needs may be missing."""
        return next((one for one in self.services if type(one).__module__.startswith("peephole.mqtt.")), None)

    def connections(self) -> tuple[str, ...]:
        """Return every address that this program connects to, each with the reason."""
        peers = (peer for service in self.services for peer in service.connections())
        return (*self.cameras, *peers)

    def troubles(self) -> tuple[str, ...]:
        """Return what the owner should put right or know, one sentence each."""
        said = [service.trouble() for service in self.services]
        door = () if self.opener is None else (self.opener.held, self.opener.lock_out())
        return tuple(sentence for sentence in (*said, *door) if sentence is not None)

    def after_a_restart(self) -> tuple[str, ...]:
        """Return what was changed and takes effect after a restart only."""
        opener, began_off = self.opener, self.owner.begun.door.mode == "off"
        if self.broker is None or opener is None or not self.settings.mqtt.allow_lock or not began_off:
            return ()
        return ("Home Assistant shows the lock after a restart.",) if opener.settings.mode != "off" else ()
