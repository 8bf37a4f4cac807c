"""Packages that not everybody needs, and how the environment at hand gets them."""

import sys


def missing(what: str, package: str | None, extra: str) -> str:
    """Return the sentence that says so; `what` needs the package, which an extra of ours brings.

    The command names this environment's Python: another one's would ask the package index for a peephole of its own.
    """
    return f"{what} needs the package {package}; install it with: {sys.executable} -m pip install 'peephole[{extra}]'"
