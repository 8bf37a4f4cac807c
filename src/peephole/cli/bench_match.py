"""`peephole bench match`: one descriptor against many references."""

from typing import Annotated

import typer

from peephole.cli.bench_network import SecondsOption
from peephole.cli.bench_rows import QUICK_SECONDS, QuickOption, as_json, cells, print_notes, setting
from peephole.cli.options import JsonOption
from peephole.cli.output import print_json, print_table

TITLES = ("references", "people", "way", "median, ms", "quartiles, ms", "processor, ms", "ratio of it")
SIZES = (100, 1_000, 10_000)


def match(
    references: Annotated[
        list[int] | None,
        typer.Option(
            "--references", metavar="N", min=10, max=100_000, show_default=False, help="How many; repeatable."
        ),
    ] = None,
    seconds: SecondsOption = 10,
    quick: QuickOption = False,
    json: JsonOption = False,
) -> None:
    """Time a descriptor against 100, 1,000 and 10,000 references, ten of a person, beside NumPy, on one core.

    As the doorbell does it, to the nearest person; the vote of a visit's nine looks, by the median distance to each
    person; the kernel alone; and NumPy, in whole numbers and by a product of matrices in floats.
    """
    from peephole.evaluation.peers.matching_speed import matching_speed

    groups = matching_speed(sorted(set(references or SIZES)), QUICK_SECONDS if quick else seconds)
    found = setting({})
    if json:
        print_json({"rows": [{"references": n} | as_json(row) for n in groups for row in groups[n]], "setting": found})
        return
    lines = [(size, row.found["people"], row.name, *cells(row, 4)) for size, rows in groups.items() for row in rows]
    print_table(TITLES, lines)
    print_notes(found, {})
