"""Who is told: somebody is added, tried out, and removed; an address that was typed in is never shown again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from peephole.accounts.passwords import LONGEST
from peephole.notify.addresses import KINDS, address_of
from peephole.notify.notifier import Notifier
from peephole.notify.senders import NotSent
from peephole.settings.targets import add_target, remove_target
from peephole.web.answers import Outcome
from peephole.web.confirm import confirm
from peephole.web.settings.site import Site, who

Text = Annotated[str, Form(max_length=LONGEST)]
HERE = "/settings/notifications"
NOBODY = "this is the demo, and nobody is told of it"


def target_routes(site: Site) -> APIRouter:
    """A target of notifications is added, tried out, or removed."""
    router = APIRouter(tags=["settings"])
    parts = site.parts

    def notifier() -> Notifier:
        if parts.notifier is None:
            raise ValueError(NOBODY)
        return parts.notifier

    @router.post(f"{HERE}/add")
    def add(request: Request, name: Text = "", kind: Text = "", address: Text = "", own: Text = "") -> Response:
        """Tell somebody else; `kind` is ntfy, gotify, telegram, mail or webhook, `own` the password of who asks."""

        def act() -> Outcome:
            confirm(request, parts.accounts, own, "this tells somebody else who comes to the door")
            notifier()
            checked, called = address_of(kind, address), name.strip()
            add_target(parts.owner, parts.store.folder, who(request), called, KINDS[kind].service, checked)
            return Outcome("target_added", f"{called} is told from now on.", {"name": called}, HERE)

        return site.answers.give(request, act)

    @router.post(f"{HERE}/remove")
    def remove(request: Request, name: Text = "") -> Response:
        """Tell a target no more that was added on the page, and erase its address."""

        def act() -> Outcome:
            remove_target(parts.owner, parts.store.folder, who(request), name)
            return Outcome("target_removed", f"{name} is told no more.", {"name": name}, HERE)

        return site.answers.give(request, act)

    @router.post(f"{HERE}/test")
    def test(request: Request, name: Text = "") -> Response:
        """Send a test message to a target, without a picture; answers when it was delivered, or was not."""

        def act() -> Outcome:
            if parts.notifier is None:
                raise ValueError("there is no such target")
            try:
                parts.notifier.try_out(name)
            except (NotSent, ValueError) as error:
                raise ValueError(f"{name}: {error}") from error
            return Outcome("sent", f"{name}: sent.", {"name": name}, HERE)

        return site.answers.give(request, act)

    return router
