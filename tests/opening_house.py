"""A household whose door may open for somebody, with its page and an owner who is signed in."""

from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.accounts.accounts import Accounts, new_account
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from peephole.people.records import Rules
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN = 1, 2
PASSWORD = "correct horse battery"  # noqa: S105
FORM = {"accept": "text/html,*/*"}


class House:
    """Anna may open the door, Carl may not; one stranger waits in the inbox. Olga is signed in."""

    def __init__(self, bell: Doorbell, accounts: Accounts) -> None:
        self.bell = bell
        accounts.add(new_account("Olga", "owner", PASSWORD))
        live = LiveDoorbell(bell)
        app = create_app(Door(bell, "the demo", memory=bell), live, Streams(live), ["testserver"], accounts)
        self.browser = TestClient(app, follow_redirects=False, headers={"origin": "http://testserver"})
        assert self.browser.post("/login", data={"name": "Olga", "password": PASSWORD}).status_code == 204
        photo = Photo("1.png", parts.paint([parts.Actor(ANNA, noise=200)]).image)
        self.anna = bell.enrol("Anna", [photo]).person.id
        bell.enrol("Carl", [Photo("2.png", parts.paint([parts.Actor(3, noise=200)]).image)])
        bell.set_rules("Anna", Rules(may_open=True))
        for frame in parts.walk(BEN, 1000.0):
            bell.process(frame)
        self.looks = self.count()

    def count(self, name: str = "Anna") -> int:
        return sum(not one.reference.aside for one in self.bell.dossiers.read(name).references)
