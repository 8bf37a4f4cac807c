"""Which lines of the C its own tests run, by gcov: a table of the files that are not run whole.

python benchmarks/c_coverage.py build/coverage
"""

import argparse
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
TOLD = ("csrc/kernels/", "csrc/app/", "csrc/host/", "csrc/arch/")


def reports(build: Path) -> Iterator[dict[str, Any]]:
    """Return what gcov tells of every object file that a test has run."""
    for data in sorted(build.rglob("*.gcda")):
        told = subprocess.run(["gcov", "--json-format", "--stdout", data], capture_output=True, check=True)  # noqa: S603, S607
        for line in told.stdout.splitlines():
            yield json.loads(line)


def lines_run(build: Path) -> dict[str, dict[int, bool]]:
    """Return which lines of each file were run; a header's if any file that includes it runs them."""
    run: dict[str, dict[int, bool]] = {}
    for report in reports(build):
        for file in report["files"]:
            path = (Path(report["current_working_directory"]) / file["file"]).resolve()
            name = path.relative_to(CHECKOUT).as_posix() if path.is_relative_to(CHECKOUT) else ""
            if name.startswith(TOLD):
                lines = run.setdefault(name, {})
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, False) or line["count"] > 0
    return run


def main() -> None:
    """Print a row for every file of which a line was not run, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="a build with --coverage whose tests have run")
    run = lines_run(parser.parse_args().build)
    if not run:
        raise SystemExit("no test has left its counts there; run make coverage")
    print("| file | lines run | of | not run |\n|---|---|---|---|")
    for name, lines in sorted(run.items()):
        missed = [str(number) for number, was in sorted(lines.items()) if not was]
        if missed:
            print(f"| {name} | {len(lines) - len(missed)} | {len(lines)} | {', '.join(missed)} |")
    whole, done = sum(map(len, run.values())), sum(sum(lines.values()) for lines in run.values())
    print(f"| all {len(run)} files | {done} | {whole} | {whole - done} ({done / whole:.1%} run) |")


if __name__ == "__main__":
    main()
