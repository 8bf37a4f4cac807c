"""What the owner does with what is kept about a person: one route an action, for forms and programs alike."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from peephole.accounts.accounts import Accounts
from peephole.accounts.passwords import LONGEST
from peephole.doorbell.doorbell import Doorbell
from peephole.doorbell.dossiers import Dossier
from peephole.people.records import TELL, Rules
from peephole.people.rules import easier_rules
from peephole.web.answers import Answers, Outcome, refused
from peephole.web.audit import noted
from peephole.web.confirm import LooksGuard, Password, confirm
from peephole.web.lists import count
from peephole.web.person import read
from peephole.web.person_words import date_of


def reference_routes(memory: Doorbell, answers: Answers, guard: LooksGuard) -> APIRouter:
    """What can be done with a single look at a person."""
    router = APIRouter(prefix="/api/people/{person}", tags=["actions"])

    @router.post("/references/{number}/aside")
    def aside(request: Request, person: str, number: int) -> Response:
        """Compare a reference with nobody from now on; it can be put back for a while."""

        def act() -> Outcome:
            row = memory.dossiers.set_aside(person, number)
            return Outcome("aside", "Set aside.", {"id": row.id, "reference": number}, f"/people/{row.id}")

        return answers.give(request, act, "people")

    @router.post("/references/{number}/restore")
    def restore(request: Request, person: str, number: int, password: Password = "") -> Response:
        """Use a reference again that was set aside."""

        def act() -> Outcome:
            guard.check(request, person, password, {})
            row = memory.dossiers.put_back(person, number)
            return Outcome("restored", "Put back.", {"id": row.id, "reference": number}, f"/people/{row.id}")

        return answers.give(request, act, "people")

    @router.post("/references/{number}/erase")
    def erase_one(request: Request, person: str, number: int) -> Response:
        """Erase a reference that was set aside, now and for good."""

        def act() -> Outcome:
            erased = memory.dossiers.erase_aside(person, number)
            return Outcome("erased", "Erased.", {"erased": erased}, f"/people/{read(memory, person).person.id}")

        return answers.give(request, act, "people")

    @router.post("/references/empty")
    def empty(request: Request, person: str) -> Response:
        """Erase every reference of a person that was set aside, now and for good."""

        def act() -> Outcome:
            erased = memory.dossiers.erase_aside(person)
            facts, back = {"erased": erased}, f"/people/{read(memory, person).person.id}"
            return Outcome("erased", f"{count(erased, 'reference')} erased.", facts, back)

        return answers.give(request, act, "people")

    return router


def person_routes(memory: Doorbell, answers: Answers) -> APIRouter:
    """What is kept about a person as a whole: to read, to take along, to erase."""
    router = APIRouter(prefix="/api/people/{person}", tags=["actions"])

    @router.get("")
    def one(person: str) -> dict[str, Any]:
        """One person: rules, and every reference with its squared distances to the person's others and to anybody."""
        return dossier_json(read(memory, person), memory.rules(person))

    @router.post("/export")
    def export(request: Request, person: str) -> Response:
        """Everything about a person as a zip archive; asked for by POST, so that only an owner gets it."""
        try:
            found = read(memory, person).person
            data = memory.dossiers.export(found.id)
            noted(request, "person_exported")
        except ValueError as error:
            return refused(request, str(error))
        head = {"Content-Disposition": f'attachment; filename="peephole-{found.id}.zip"'}
        return Response(data, media_type="application/zip", headers=head)

    @router.post("/forget")
    def forget(
        request: Request,
        person: str,
        keep_unsure: Annotated[bool, Form(description="Keep pictures of unsure visits near this person.")] = False,
    ) -> Response:
        """Erase everything about a person; there is no way back."""

        def act() -> Outcome:
            row = memory.dossiers.erase(person, keep_unsure)
            noted(request, "person_erased")
            return Outcome("forgotten", f"{row.name} is forgotten.", {"id": row.id}, "/people")

        return answers.give(request, act, "people", "strangers", "visits")

    return router


def rules_routes(memory: Doorbell, answers: Answers, accounts: Accounts | None = None) -> APIRouter:
    """What is decided about a person, and who else is that person.

    accounts: whose passwords are asked for by what makes the door open more easily; None: there are none.
    """
    router = APIRouter(prefix="/api/people/{person}", tags=["actions"])

    @router.post("/rules")
    def rules(
        request: Request,
        person: str,
        tell: Annotated[str, Form(description="notify, log or silent; must be given, for none of a rule is left out.")],
        may_open: Annotated[bool, Form(description="Whether the door may open.")] = False,
        hours: Annotated[str, Form(description="When it may: 'mon-fri 7:00-20:00, ..'; empty: at any time.")] = "",
        minor: Annotated[bool, Form(description="A child; the door opens for none.")] = False,
        consent: Annotated[str, Form(description="Who agreed to the recognition, and how.")] = "",
        consent_on: Annotated[str, Form(description="The day of that, YYYY-MM-DD; empty: today.")] = "",
        password: Annotated[str, Form(max_length=LONGEST, description="Of who asks, to let the door open.")] = "",
    ) -> Response:
        """Decide about a person: all of the rules at once, as the page's form has them."""

        def act() -> Outcome:
            if tell not in TELL:
                raise ValueError(f"tell is one of {', '.join(TELL)}")
            before, note = memory.rules(person), consent.strip()
            at = consent_time(note, consent_on, before)
            after = Rules(tell, may_open, hours.strip(), minor, note, at)
            if names := easier_rules(before, after):
                which = ", ".join(name.replace("_", " ") for name in names)
                confirm(request, accounts, password, f"this makes opening easier ({which})")
            row = memory.set_rules(person, after)
            if names:
                noted(request, "may_open")
            return Outcome("rules", f"Rules of {row.name} saved.", {"id": row.id}, f"/people/{row.id}")

        return answers.give(request, act, "people")

    @router.post("/join")
    def join(
        request: Request,
        person: str,
        other: Annotated[str, Form(description="Name or id of somebody who is this person, too.")] = "",
        password: Annotated[str, Form(max_length=LONGEST, description="Of who asks, where the door opens.")] = "",
    ) -> Response:
        """Make two people one: looks and visits of the other become this person's, who keeps name and rules."""

        def act() -> Outcome:
            kept = read(memory, person).person
            if not other:
                raise ValueError(f"choose who is {kept.name}, too")
            if easier := easier_rules(memory.rules(other), memory.rules(kept.id)):
                confirm(request, accounts, password, f"the door may then open for every look at {other}")
            memory.dossiers.join(kept.id, other)
            if easier:
                noted(request, "may_open")
            return Outcome("joined", f"{kept.name}: one person now.", {"id": kept.id}, f"/people/{kept.id}")

        return answers.give(request, act, "people", "strangers", "visits")

    return router


def consent_time(note: str, day_given: str, before: Rules) -> float | None:
    """When somebody agreed: noon of the day given; else as noted before where the note is the same; else now.

    Raises:
        ValueError: it is no day, or one to come.
    """
    if not note:
        return None
    if day_given and not (note == before.consent and day_given == date_of(before.consent_at)):
        try:
            at = datetime.fromisoformat(day_given).replace(hour=12, tzinfo=None).timestamp()
        except (ValueError, OverflowError, OSError) as error:
            raise ValueError(f"{day_given}: not a day; write it as 2026-05-03") from error
        if at > datetime.now().timestamp() + 24 * 3600:
            raise ValueError(f"{day_given}: a day to come; note consent when it was given")
        return at
    return before.consent_at if note == before.consent else datetime.now().timestamp()


def dossier_json(dossier: Dossier, rules: Rules) -> dict[str, Any]:
    """One person for programs, without descriptors."""
    return {
        "id": dossier.person.id,
        "name": dossier.person.name,
        "created": dossier.person.created,
        "rules": vars(rules),
        "bars": {"known": dossier.known, "stranger": dossier.stranger},
        "references": [
            {
                "number": one.reference.id,
                "quality": one.reference.quality,
                "source": one.reference.source,
                "created": one.reference.created,
                "model": one.reference.model,
                "aside": one.reference.aside,
                "aside_at": one.reference.aside_at,
                "place": None if one.place is None else vars(one.place),
            }
            for one in dossier.references
        ],
    }
