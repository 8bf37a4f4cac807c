"""Signing in and out, and the first owner."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from peephole.accounts.accounts import IDLE_SECONDS, Accounts, Entered, TooManyTriesError, is_local
from peephole.accounts.passwords import LONGEST, SHORTEST
from peephole.web.answers import wants_json
from peephole.web.audit import noted
from peephole.web.frame import TEMPLATES
from peephole.web.gate import COOKIE, session_token

Text = Annotated[str, Form(max_length=LONGEST)]


class SignInPages:
    """Answers whoever wants to enter: in pages without scripts, or to programs in a line of text."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def show(self, request: Request, *, first: bool, error: str = "", name: str = "", status: int = 200) -> Response:
        """Return the form: of the first owner, or to sign in."""
        context = {
            "first": first,
            "error": error,
            "name": name,
            "shortest": SHORTEST,
            "longest": LONGEST,
            "next": _own_path(request.query_params.get("next", "")),
            "needs_code": first and not is_local(_address(request)),
        }
        return TEMPLATES.TemplateResponse(request, "sign_in.html", context, status)

    def answer(self, request: Request, enter: Callable[[str], Entered], *, first: bool, name: str) -> Response:
        """Let somebody in, or say why not; `enter` is given the address that asks."""
        try:
            entered = enter(_address(request))
            noted(request, "founded" if first else "signed_in", account=entered.account.name)
        except (ValueError, TooManyTriesError) as error:
            status = _status(error)
            return (
                _refused(error)
                if wants_json(request)
                else self.show(request, first=first, error=str(error), name=name, status=status)
            )
        return _welcome(request, entered, _own_path(request.query_params.get("next", "")))


def sign_in_routes(accounts: Accounts) -> APIRouter:
    """Routes that begin and end sessions."""
    router = APIRouter(tags=["entry"])
    pages = SignInPages(accounts)

    @router.get("/welcome", response_class=HTMLResponse, include_in_schema=False)
    def welcome(request: Request) -> Response:
        return RedirectResponse("/login", 303) if accounts.any() else pages.show(request, first=True)

    @router.post("/welcome")
    def found(request: Request, name: Text = "", password: Text = "", again: Text = "", code: Text = "") -> Response:
        """Become the owner of a doorbell that has none; from another machine with the code that it showed."""

        def enter(address: str) -> Entered:
            return accounts.found(name, _twice(password, again), code, address)

        return pages.answer(request, enter, first=True, name=name)

    @router.get("/login", response_class=HTMLResponse, include_in_schema=False)
    def login(request: Request) -> Response:
        return pages.show(request, first=False) if accounts.any() else RedirectResponse("/welcome", 303)

    @router.post("/login")
    def enter(request: Request, name: Text = "", password: Text = "") -> Response:
        """Begin a session: a cookie that lasts for 30 days without use."""
        return pages.answer(request, lambda address: accounts.enter(name, password, address), first=False, name=name)

    @router.post("/logout")
    def leave(request: Request) -> Response:
        """End the session."""
        accounts.leave(session_token(request.headers))
        response: Response = Response(status_code=204) if wants_json(request) else RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    @router.post("/account/password")
    def change(request: Request, password: Text = "", new: Text = "", again: Text = "") -> Response:
        """Take another password; all other sessions of the account end."""
        account, address = request.state.session.account, _address(request)
        try:
            entered = accounts.change_password(account, password, _twice(new, again), address)
            noted(request, "password_changed")
        except (ValueError, TooManyTriesError) as error:
            return _refused(error)
        return _welcome(request, entered, "/")

    return router


def _twice(password: str, again: str) -> str:
    if password != again:
        raise ValueError("the two passwords differ")
    return password


def _status(error: Exception) -> int:
    return 429 if isinstance(error, TooManyTriesError) else 403


def _refused(error: Exception) -> Response:
    return Response(f"{error}\n", _status(error), media_type="text/plain; charset=utf-8")


def _welcome(request: Request, entered: Entered, path: str) -> Response:
    response: Response = Response(status_code=204) if wants_json(request) else RedirectResponse(path, 303)
    _give(request, response, entered)
    return response


def _give(request: Request, response: Response, entered: Entered) -> None:
    response.set_cookie(
        COOKIE,
        entered.token,
        max_age=round(IDLE_SECONDS),
        httponly=True,
        samesite="lax",  # a link in a notification opens the page; what changes something is checked by its origin too
        secure=request.url.scheme == "https",
    )


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _own_path(wanted: str) -> str:
    """Return a path of this page; what would lead elsewhere leads to its front."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted and "\r" not in wanted
    return wanted if own else "/"
