"""Which files of csrc a program needs: its kernels, what they call and the headers of all."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

CALLED = re.compile(r"\bph_(\w+)\(")
INCLUDED = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


@cache
def source_folder() -> Path:
    """Return csrc: of the installed package, or of the checkout that it runs from."""
    package = Path(__file__).resolve().parents[2]
    places = (package / "csrc", package.parents[1] / "csrc")
    found = next((place for place in places if (place / "kernels").is_dir()), None)
    if found is None:
        raise FileNotFoundError(f"{places[0]}: the C kernels are missing; install peephole anew")
    return found


def needed_files(functions: Iterable[str], headers: Iterable[str]) -> dict[str, str]:
    """Return the files that these kernels and public headers need, path below csrc -> text.

    functions: as conv2d_s16, a file each. headers: as peephole/conv2d.h.
    """
    files: dict[str, str] = {}
    waiting = [f"kernels/{function}.c" for function in functions] + [f"include/{header}" for header in headers]
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        text = (source_folder() / path).read_text(encoding="utf-8")
        files[path] = text
        waiting += [_header(name) for name in INCLUDED.findall(text)]
        if path.startswith("kernels/") and path.endswith(".h") and _is_kernel(Path(path).stem):
            waiting.append(path.removesuffix(".h") + ".c")  # what such a header declares is defined there
        if not path.startswith("include/"):  # where every function is declared, whether it is called or not
            waiting += [f"kernels/{name}.c" for name in CALLED.findall(text) if _is_kernel(name)]
    return dict(sorted(files.items()))


def _is_kernel(name: str) -> bool:
    return (source_folder() / "kernels" / f"{name}.c").is_file()


def _header(name: str) -> str:
    return f"include/{name}" if name.startswith("peephole/") else name
