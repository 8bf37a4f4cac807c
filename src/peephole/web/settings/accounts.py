"""The page of accounts: who may sign in, and the own password."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from peephole.accounts.accounts import Accounts, new_account
from peephole.accounts.passwords import LONGEST, SHORTEST
from peephole.accounts.records import ROLES
from peephole.time_words import day, moment
from peephole.web.answers import Outcome
from peephole.web.audit import noted
from peephole.web.confirm import account_of, confirm
from peephole.web.gate import session_token
from peephole.web.settings.site import Site

Text = Annotated[str, Form(max_length=LONGEST)]
HERE = "/settings/accounts"
_DEEDS = 50
"""So many of the newest are shown."""


def account_routes(site: Site, accounts: Accounts) -> APIRouter:
    """The page, and what can be done with accounts."""
    router = APIRouter(tags=["settings"])

    @router.get(HERE, response_class=HTMLResponse, include_in_schema=False)
    def page(request: Request) -> Response:
        now = datetime.now().astimezone()
        rows = [(one, day(one.created, now)) for one in accounts.all()]
        deeds = [(moment(one.time, now), one.who, one.text) for one in site.parts.store.audit.recent(_DEEDS)]
        limits = {"shortest": SHORTEST, "longest": LONGEST}
        return site.show(request, "accounts", accounts=rows, me=account_of(request), deeds=deeds, **limits)

    @router.post(f"{HERE}/add")
    def add(
        request: Request, name: Text = "", role: Text = "viewer", password: Text = "", again: Text = "", own: Text = ""
    ) -> Response:
        """Let somebody sign in, as viewer or owner; `own` is the password of who asks."""

        def act() -> Outcome:
            confirm(request, accounts, own, "this lets somebody in")
            known = next((one for one in ROLES if one == role), None)
            if known is None:
                raise ValueError(f"a role is one of {', '.join(ROLES)}")
            if password != again:
                raise ValueError("the two passwords differ")
            account = new_account(name, known, password)
            accounts.add(account)
            noted(request, "account_added", account.name)
            return Outcome("account_added", f"{account.name} may sign in.", {"name": account.name}, HERE)

        return site.answers.give(request, act)

    @router.post(f"{HERE}/remove")
    def remove(request: Request, name: Text = "", own: Text = "") -> Response:
        """Let an account sign in no more; the last owner stays. `own` is the password of who asks."""

        def act() -> Outcome:
            confirm(request, accounts, own, "this shuts somebody out")
            accounts.remove(name)
            noted(request, "account_removed", name)
            return Outcome("account_removed", f"{name} may sign in no more.", {"name": name}, HERE)

        return site.answers.give(request, act)

    @router.post("/account/sessions")
    def leave_elsewhere(request: Request) -> Response:
        """Sign out every other browser of this account."""

        def act() -> Outcome:
            account = account_of(request)
            if account is None:
                raise ValueError("nobody is signed in")
            count = accounts.leave_elsewhere(account, session_token(request.headers))
            noted(request, "signed_out_elsewhere")
            return Outcome("left_elsewhere", f"Signed out {count} other sessions.", {"ended": count}, HERE)

        return site.answers.give(request, act)

    return router
