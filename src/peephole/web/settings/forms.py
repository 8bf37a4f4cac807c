"""The pages whose fields are settings, and saving them."""

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from peephole.accounts.passwords import LONGEST, SHORTEST
from peephole.door.assembly import in_force, make_actuator
from peephole.door.easier import easier
from peephole.notify.addresses import KINDS
from peephole.settings.household import Settings
from peephole.settings.owner import OF_A_TARGET
from peephole.web.answers import Outcome
from peephole.web.confirm import account_name, confirm
from peephole.web.settings.fields import changes, fields, in_words, refuse_others, said
from peephole.web.settings.panels import (
    connections_panel,
    door_panel,
    keeping_panel,
    notify_changes,
    overview,
    target_panels,
)
from peephole.web.settings.site import PAGES, Site, keys_of, who

NOT_SEEN = (
    "the door is opened for faces only after a dry run, at a camera and with liveness as it is to be: set dry-run,"
    " walk to the door, and look at its log"
)
OFTEN = ("mode", "hours", "require_ring", "most_openings", "pulse_seconds", "liveness", "challenge")
"""What an owner sets of the door; the rest is folded away."""
Check = Callable[[Request, FormData, Settings, Settings], None]


def view_routes(site: Site) -> APIRouter:
    """The pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    parts = site.parts

    @router.get("/settings")
    def index(request: Request) -> Response:
        lines = overview(parts)
        return site.show(request, "overview", rows=[(f"/settings/{name}", title, lines[name]) for name, title in PAGES])

    @router.get("/settings/door")
    def door(request: Request) -> Response:
        panel = door_panel(parts, parts.opener) if parts.opener is not None else None
        every = fields(parts.owner, keys_of("door"))
        often = [one for one in every if one.key.rpartition(".")[2] in OFTEN]
        return site.show(request, "door", fields=often, rare=[one for one in every if one not in often], panel=panel)

    @router.get("/settings/door/open")
    def ask_to_open(request: Request) -> Response:
        return site.show(request, "open", dry=parts.opener is None or parts.opener.settings.mode != "on")

    @router.get("/settings/notifications")
    def notifications(request: Request) -> Response:
        own = fields(parts.owner, keys_of("notify"))
        more = {"kinds": KINDS, "longest": LONGEST, "tells": parts.notifier is not None}
        rows = {"targets": target_panels(parts), "changes": notify_changes(parts)}
        return site.show(request, "notifications", fields=own, **rows, **more)

    @router.get("/settings/keeping")
    def keeping(request: Request) -> Response:
        own = fields(parts.owner, keys_of("retention"))
        limits = {"shortest": SHORTEST, "longest": LONGEST}
        return site.show(request, "keeping", fields=own, panel=keeping_panel(parts), **limits)

    @router.get("/settings/connections")
    def connections(request: Request) -> Response:
        panel = connections_panel(parts, site.door.source)
        return site.show(request, "connections", fields=fields(parts.owner, keys_of("log")), panel=panel)

    return router


def change_routes(site: Site) -> APIRouter:
    """Saving what a form holds: values by their dotted keys; `back` names those that are to be as the file says."""
    router = APIRouter(tags=["settings"])
    owner = site.parts.owner

    async def save(request: Request, keys: Sequence[str], page: str, check: Check | None = None) -> Response:
        async with request.form() as form:  # closes files that nobody asked for

            def act() -> Outcome:
                refuse_others(form, {*keys, *(f"has:{key}" for key in keys), "back", "password"})
                refuse_others(form.getlist("back"), keys)
                values, back = changes(owner, form, keys)
                owner.change(who(request), values, back, partial(check, request, form) if check is not None else None)
                changed = [*values, *back]
                if changed and page == "door" and site.parts.opener is not None:
                    site.parts.opener.note_change("owner", account_name(request), in_words(owner.settings, changed))
                done, text = ("saved", "Saved.") if changed else ("same", "Nothing was different.")
                return Outcome(done, text, {"changed": changed}, f"/settings/{page}")

            return await run_in_threadpool(site.answers.give, request, act)

    @router.post("/settings/keeping")
    async def save_keeping(request: Request) -> Response:
        """Keep things for so many days: `retention.strangers` and so on."""
        return await save(request, keys_of("retention"), "keeping")

    @router.post("/settings/connections")
    async def save_log(request: Request) -> Response:
        """Choose which lines are shown: `log.level`."""
        return await save(request, keys_of("log"), "connections")

    @router.post("/settings/notifications")
    async def save_notifications(request: Request) -> Response:
        """Say who is told of what, and when not: `notify.quiet_hours`, `notify.targets.NAME.events` and so on."""
        targets = [f"notify.targets.{one.name}.{name}" for one in owner.settings.notify.targets for name in OF_A_TARGET]
        return await save(request, [*keys_of("notify"), *targets], "notifications")

    @router.post("/settings/door")
    async def save_door(request: Request) -> Response:
        """Set the door: `door.mode` and so on; what makes opening easier asks for `password` again."""
        return await save(request, keys_of("door"), "door", check_door)

    def check_door(request: Request, form: FormData, before: Settings, after: Settings) -> None:
        now, then = before.door, after.door
        other = now.mode != "on" or (now.liveness, then.liveness) == ("required", "off")
        if other and in_force(then, site.parts.store.door.dry_run_seen)[1] is not None:
            raise ValueError(NOT_SEEN)
        try:
            make_actuator(then, after.mqtt)  # touches nothing, and finds out whether the file names one of use
        except (ImportError, OSError) as error:
            raise ValueError(str(error)) from error
        if names := easier(now, then):
            which = ", ".join(said(f"door.{name}") for name in names)
            confirm(request, site.parts.accounts, str(form.get("password", "")), f"this makes opening easier ({which})")

    return router
