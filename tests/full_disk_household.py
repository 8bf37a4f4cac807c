"""A household whose disk is full, or can only be read; to be run in a mount namespace of its own, on a folder.

Prints what its commands say as JSON.
"""

import json
import subprocess
import sys
from pathlib import Path

from commands import peephole
from doorbell_parts import Actor, doorbell, paint
from peephole.doorbell.doorbell import Photo
from peephole.store.store import Store

disk = Path(sys.argv[1]).resolve()
data, filling = disk / "data", disk / "filling"
found: dict[str, object] = {}


def lived(store: Store) -> None:
    doorbell(store).enrol("Anna", [Photo("a.jpg", paint([Actor(1, noise=200)]).image)])


def fill() -> None:
    with filling.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def told(store: Store, name: str, who: int) -> str:
    try:
        doorbell(store).enrol(name, [Photo(f"{name}.jpg", paint([Actor(who, noise=200)]).image)])
    except OSError as error:
        return str(error).removeprefix(f"{data}/")
    return ", ".join(sorted(row.person.name for row in doorbell(store).people()))


def read(name: str, who: int) -> list[object]:
    with Store(data) as store:
        return [[row.person.name for row in doorbell(store).people()], told(store, name, who)]


subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk], check=True)
with Store(data) as store:
    lived(store)
fill()
found["full"] = read("Ben", 2)
with Store(data) as store:
    filling.unlink()
    found["room again"] = told(store, "Ben", 2)
    with Store(data) as other:
        found["another"] = [row.person.name for row in doorbell(other).people()]
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
found["read-only"] = read("Cleo", 3)
run = peephole("run", "--once", "--source", disk, "--data", data)
found["run"] = [run.returncode, run.stderr.replace(str(data), "data")]
print(json.dumps(found))
