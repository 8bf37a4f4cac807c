"""The lock of the door: how it is, what its log says, and the owner's wish to open it."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from peephole.door.log import entry_json
from peephole.door.opener import DoorOpener
from peephole.web.actions import Answers, Outcome

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

        def act() -> Outcome:
            if opener is None or opener.settings.mode == "off":
                raise ValueError(NO_LOCK)
            answer = opener.open("owner")
            if not answer.opened and opener.settings.mode == "on":
                raise ValueError(answer.text)
            return Outcome("opened", f"The door: {answer.text}.", {"opened": answer.opened})

        return answers.give(request, act)

    return router
