"""`peephole visits correct`: a visit that was decided wrongly is put right."""

from typing import Annotated

import typer

from peephole.cli.options import DataOption, JsonOption, ModelOption
from peephole.cli.output import plain, print_json


def correct(
    key: Annotated[str, typer.Argument(metavar="ID", help="Id of a visit; 'peephole visits list' shows them.")],
    data: DataOption,
    person: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose it was: a new name, or the name or id of somebody known."),
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Its good looks become looks that the person is recognised by.")
    ] = False,
    consent: Annotated[
        str, typer.Option(metavar="TEXT", help="Who agreed to the recognition, and how; noted as of today.")
    ] = "",
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody known: it is a stranger's.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="No face, or nobody's business: looks and picture are erased.")
    ] = False,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Put right who a visit was: --person, --nobody or --forget.

    'peephole strangers undo' takes it back, for a day; what is forgotten is erased after ten minutes.
    """
    from peephole.cli.gallery import opened_doorbell

    if (person is not None) + nobody + forget != 1:
        raise typer.BadParameter("give one of --person NAME, --nobody and --forget")
    if person is None and (learn or consent):
        raise typer.BadParameter("--learn and --consent are for --person")
    with opened_doorbell(data, model) as doorbell:
        corrections, done = doorbell.corrections, "forgotten"
        if person is not None:
            done = corrections.name(key, person, learn, consent).name
        elif nobody:
            number = corrections.strange(key)
            done = "nobody known" if number is None else f"stranger {number}"
        else:
            corrections.forget(key)
        visit = doorbell.visit(key)
    if json:
        print_json({"visit": visit.id, "kind": visit.decision.kind, "who": done})
    else:
        print(plain(f"visit {visit.id}: {done}"))
