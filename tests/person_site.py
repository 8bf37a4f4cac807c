"""A doorbell with the pages of its people, and made-up people who come to it."""

import io
import zipfile

from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN, CARL = 1, 2, 3
ORIGIN = {"origin": "http://testserver"}
FORM = ORIGIN | {"accept": "text/html,*/*"}


class Site:
    def __init__(self, store: Store, doorbell: Doorbell) -> None:
        self.store, self.doorbell = store, doorbell
        live = LiveDoorbell(doorbell)
        app = create_app(Door(doorbell, "the demo", memory=doorbell), live, Streams(live), ["testserver"])
        self.client = TestClient(app, follow_redirects=False)

    def enrol(self, name: str, *looks: tuple[int, int]) -> str:
        """Add looks (person, noise)."""
        photos = [Photo(f"{n}.jpg", parts.paint([parts.Actor(p, noise=n)]).image) for p, n in looks]
        return self.doorbell.enrol(name, photos).person.id

    def walk(self, person: int, start: float, **more: int) -> str:
        for frame in parts.walk(person, start, **more):
            self.doorbell.process(frame)
        return self.doorbell.visits(1)[0].id

    def numbers(self, person: str) -> list[int]:
        return [one.reference.id for one in self.doorbell.dossiers.read(person).references]

    def act(self, person: str, what: str, **form: str):
        chosen = {"tell": "notify"} if what == "rules" else {}  # which the page's form always says
        return self.client.post(f"/api/people/{person}/{what}", data=chosen | form, headers=FORM)

    def archive(self, person: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.client.post(f"/api/people/{person}/export", headers=FORM).content))
