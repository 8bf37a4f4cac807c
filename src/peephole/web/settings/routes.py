"""All routes of the settings."""

from fastapi import APIRouter

from peephole.doorbell.doorbell import Doorbell
from peephole.web.answers import Answers
from peephole.web.door import Door
from peephole.web.settings.accounts import account_routes
from peephole.web.settings.actions import door_actions, other_actions
from peephole.web.settings.forms import change_routes, view_routes
from peephole.web.settings.parts import HouseholdParts
from peephole.web.settings.recognition import recognition_routes
from peephole.web.settings.site import Site
from peephole.web.settings.targets import target_routes


def settings_routes(door: Door, parts: HouseholdParts, memory: Doorbell, answers: Answers) -> APIRouter:
    """Routes of the settings of the host's own door."""
    router = APIRouter()
    site = Site(door, parts, memory, answers)
    for routes in (view_routes, recognition_routes, change_routes, target_routes, door_actions, other_actions):
        router.include_router(routes(site))
    if parts.accounts is not None:
        router.include_router(account_routes(site, parts.accounts))
    return router
