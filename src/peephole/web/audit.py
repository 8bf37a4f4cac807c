"""Writing down who did what on the page (`accounts.audit`)."""

from fastapi import FastAPI, Request

from peephole.accounts.audit import Deed
from peephole.store.audit import AuditTable
from peephole.web.confirm import account_name


def audit_by(app: FastAPI, audit: AuditTable | None) -> None:
    """Have the routes of an application write into a log; None: into none, as at a device's door."""
    app.state.audit = audit


def noted(request: Request, deed: Deed, about: str | None = None, account: str | None = None) -> None:
    """Write down what whoever is signed in does; account: who it is, where they just come in. Raises OSError."""
    audit: AuditTable | None = getattr(request.app.state, "audit", None)
    if audit is not None:
        audit.note(account or account_name(request), deed, about)
