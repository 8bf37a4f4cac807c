"""The bell, for buttons that speak HTTP."""

from fastapi import APIRouter, Request, Response

from peephole.web.answers import Answers, Outcome
from peephole.web.door import Door


def bell_routes(door: Door, answers: Answers) -> APIRouter:
    """The route that rings."""
    router = APIRouter(tags=["door"])

    @router.post("/api/ring")
    def ring(request: Request, camera: str = "") -> Response:
        """Ring the bell at a camera, the first where none is named; without a session for programs of this machine."""

        def act() -> Outcome:
            if door.ring is None:
                raise ValueError("this door has no bell that the doorbell could ring")
            door.ring("http", camera)
            return Outcome("rang", "The bell rang.", {"camera": camera})

        return answers.give(request, act)

    return router
