"""What a stranger is called who has come before."""


def stranger_visit(number: int, visits: int | None) -> str:
    """Return "Stranger 12", and "Stranger 12, 4th visit" from the second visit on.

    Args:
        number: running number of the stranger.
        visits: how many visits there were until this one, this one too; None: not known.
    """
    return f"Stranger {number}" if visits is None or visits < 2 else f"Stranger {number}, {_ordinal(visits)} visit"


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")
    return f"{number}{ending}"
