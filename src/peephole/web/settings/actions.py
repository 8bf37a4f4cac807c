"""What the pages of settings do beside saving: open the door, end a lock-out, write a backup."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse

from peephole.accounts.passwords import LONGEST, SHORTEST
from peephole.web.answers import Outcome, refused
from peephole.web.audit import noted
from peephole.web.confirm import account_name
from peephole.web.lock import opened_by_hand, working
from peephole.web.settings.site import Site

_PIECE = 1 << 18
Text = Annotated[str, Form(max_length=LONGEST)]


def door_actions(site: Site) -> APIRouter:
    """Opening the door by hand, and ending a lock-out."""
    router = APIRouter(tags=["settings"])
    parts = site.parts

    @router.post("/settings/door/reset")
    def reset(request: Request) -> Response:
        """End a lock-out; it is written into the door's log."""

        def act() -> Outcome:
            working(parts.opener).reset_lock_out("owner", account_name(request))
            return Outcome("reset", "Earlier refusals count no more.", {}, "/settings/door")

        return site.answers.give(request, act)

    @router.post("/settings/door/open")
    def open_door(request: Request) -> Response:
        """Open the door now; answers when it is shut again."""
        return site.answers.give(request, lambda: opened_by_hand(parts.opener, "/settings/door", account_name(request)))

    return router


def other_actions(site: Site) -> APIRouter:
    """A backup."""
    router = APIRouter(tags=["settings"])
    parts = site.parts

    @router.post("/settings/keeping/backup")
    def backup(request: Request, passphrase: Text = "", again: Text = "") -> Response:
        """Write everything into one file that only the passphrase opens."""
        if passphrase != again:
            return refused(request, "the two passphrases differ")
        if len(passphrase) < SHORTEST:
            return refused(request, f"a passphrase has at least {SHORTEST} characters")
        # Beside the data and without a name: it is gone with the last piece, and needs no room in memory.
        file = tempfile.TemporaryFile(dir=parts.store.folder)  # noqa: SIM115
        try:
            parts.store.write_backup(passphrase.encode(), file)
            noted(request, "backup_written")
        except BaseException:
            file.close()
            raise
        size = file.tell()
        name = f"peephole-{datetime.now():%Y-%m-%d}.backup"
        return StreamingResponse(
            _pieces(file),
            media_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)},
        )

    return router


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
