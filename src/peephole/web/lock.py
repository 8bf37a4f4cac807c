"""The lock of the door: how it is, what its log says, and the owner's wish to open it."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from peephole.door.log import entry_json
from peephole.door.opener import DoorOpener
from peephole.web.answers import Answers, Outcome
from peephole.web.confirm import account_name

NO_LOCK = "this door is not opened by the doorbell; see [door] in the settings"


def lock_routes(opener: DoorOpener | None, answers: Answers) -> APIRouter:
    """Routes of the lock; `opener` None: a door that the doorbell does not open."""
    router = APIRouter(prefix="/api/door", tags=["door"])

    @router.get("")
    def status(limit: Annotated[int, Query(ge=0, le=500)] = 20) -> dict[str, Any]:
        """How the door is, and the newest rows of its log."""
        if opener is None:
            return {"mode": "off", "log": []}
        return {**asdict(opener.status()), "log": [entry_json(entry) for entry in opener.log(limit)]}

    @router.post("/open")
    def open_door(request: Request) -> Response:
        """Open the door now; answers when it is shut again."""
        return answers.give(request, lambda: opened_by_hand(opener, "/", account_name(request)))

    return router


def opened_by_hand(opener: DoorOpener | None, back: str, account: str | None) -> Outcome:
    """Open the door for the owner, who goes on with the page `back`; raise ValueError where it stays shut.

    account: the name of who it is, for the log.
    """
    door = working(opener)
    answer = door.open("owner", account)
    if not answer.opened and door.settings.mode == "on":
        raise ValueError(answer.text)
    return Outcome("opened", f"The door: {answer.text}.", {"opened": answer.opened}, back)


def working(opener: DoorOpener | None) -> DoorOpener:
    """Return what opens the door; raise ValueError where nothing does."""
    if opener is None or opener.settings.mode == "off":
        raise ValueError(NO_LOCK)
    return opener
