"""A running household without a camera, and its owner's browser at the pages of settings."""

from pathlib import Path

from starlette.testclient import TestClient

from door_parts import Home
from peephole.accounts.accounts import Accounts, new_account
from peephole.cli.services import follow_owner
from peephole.notify.notifier import Notifier
from peephole.notify.senders import sender_of
from peephole.settings.owner import OwnerSettings
from peephole.settings.reading import read_settings
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.settings.parts import HouseholdParts
from peephole.web.streams import Streams

PASSWORD = "correct horse battery"  # noqa: S105


class Site:
    """A running household without a camera, and its owner's browser."""

    def __init__(self, store: Store, folder: Path, toml: str = "") -> None:
        file = folder / "peephole.toml"
        file.write_text(toml)
        self.home = Home(store, mode="off")
        self.bell, self.opener, self.store = self.home.bell, self.home.opener, store
        self.owner = OwnerSettings(read_settings(file), store.settings)
        self.accounts = Accounts(store.accounts)
        notifier = Notifier(self.owner.settings.notify, self.bell, sender_of, print, lambda *told: None)
        services: list[object] = [self.opener, notifier]
        follow_owner(self.owner, self.bell, services, at_the_door=True)
        self.parts = HouseholdParts(self.owner, store, self.accounts, tuple(services))
        door = Door(self.bell, "the demo", memory=self.bell, opener=self.opener, parts=self.parts)
        self.app = create_app(door, self.home.live, Streams(self.home.live), ["testserver"], self.accounts)
        self.client = self.browser("/welcome", "Olga")

    def browser(self, path: str, name: str) -> TestClient:
        browser = TestClient(
            self.app,
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
            headers={"origin": "http://testserver", "accept": "application/json"},
        )
        entered = browser.post(path, data={"name": name, "password": PASSWORD, "again": PASSWORD})
        assert entered.status_code == 204, entered.text
        return browser

    def viewer(self) -> TestClient:
        self.accounts.add(new_account("Vera", "viewer", PASSWORD))
        return self.browser("/login", "Vera")

    def page(self, name: str = "") -> str:
        answer = self.client.get(f"/settings{name}", headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def refusal(self, path: str, **form: object) -> str:
        answer = self.client.post(f"/settings{path}", data=form)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])

    def save(self, path: str, **form: object) -> list[str]:
        answer = self.client.post(f"/settings{path}", data=form)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["changed"])


def store_is_empty(site: Site) -> bool:
    return site.store.settings.values() == {} and site.store.settings.changes() == []
