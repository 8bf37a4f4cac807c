"""People who are one: whom each leads to, from what was decided about each by itself."""

from collections.abc import Mapping


def roots(same_as: Mapping[str, str]) -> dict[str, str]:
    """Return who each person is in the end, which is the person itself where nobody else was named.

    same_as: by the id of each person, the id of whom the owner said that it is; empty, or nobody here: itself. Two
    doors may have decided in a circle; then the least id of it is who all of them are, at every door.
    """
    return {person: _root(person, same_as) for person in same_as}


def _root(person: str, same_as: Mapping[str, str]) -> str:
    path = [person]
    while (further := same_as[path[-1]]) in same_as:
        if further in path:
            return min(path[path.index(further) :])
        path.append(further)
    return path[-1]
