"""A household with everything switched on and what it names elsewhere away; run in a namespace without a network.

    python tests/offline_services.py FOLDER

A camera over HTTP on this machine, a broker and a webhook that cannot be reached, a folder shared with another door,
and a door in a dry run. Somebody is introduced by a photo, comes, is searched for by her face, exported, backed up,
erased, and brought back. Prints as JSON what worked, and every address that any of the processes asked for.
"""

import io
import json
import sys
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2

from offline_household import alone, asked
from waiting import until

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

PASSPHRASE = "a backup in the drawer"  # noqa: S105
SETTINGS = """
[mqtt]
host = "192.0.2.7"

[[notify.targets]]
name = "phone"
service = "webhook"
url = "text:http://192.0.2.8/told"
events = ["known", "stranger"]

[door]
mode = "dry-run"
liveness = "off"  # the demo's people are flat
least_looks = 3
least_seconds = 0.5
"""


def settings_of(door: str, folder: Path, more: str = "") -> tuple[object, ...]:
    """Write the settings of a door, and return the options that name its data and them."""
    shared = f'[sync]\nname = "{door}"\nfolder = "{folder}/shared"\nkeys = "{folder}/{door}.key"\n'
    (folder / f"{door}.toml").write_text(shared + more)
    return "--data", folder / door, "--config", folder / f"{door}.toml"


def introduce_the_doors(front: tuple[object, ...], back: tuple[object, ...]) -> None:
    """Each is told the other one's keys."""
    from commands import process

    for name, one, other in (("Back", front, back), ("Front", back, front)):
        line = json.loads(process("doors", "show", "--json", *other[2:]).stdout)["public"]
        told = process("doors", "trust", name, line, *one)
        assert told.returncode == 0, told.stderr


def opened_for(door: dict[str, Any]) -> str | None:
    """Return for whose face a door in a dry run would have opened last, if it would have."""
    faces = (row["person"] for row in door["log"] if (row["verdict"], row["by"]) == ("open", "face"))
    return next(faces, None) if door["mode"] == "dry-run" else None


def live_a_day(folder: Path) -> dict[str, Any]:
    """Return what worked."""
    from doorbell import WALK_FRAMES, Camera, jpegs  # of the benchmarks

    from commands import png, process
    from peephole.vision.sources.demo import EILEEN, RATE, head_of
    from running import OWNER, start

    camera = Camera(jpegs(WALK_FRAMES), RATE)
    (folder / "shared").mkdir()
    front = settings_of("front", folder, SETTINGS + f'[[cameras]]\nname = "front"\nsource = "{camera.url}"\n')
    back = settings_of("back", folder)
    introduce_the_doors(front, back)
    photo = {"photos": ("eileen.png", png(head_of(EILEEN)), "image/png")}
    words = ("--passphrase", f"text:{PASSPHRASE}")
    found: dict[str, Any] = {}
    with ExitStack() as opened:
        running = opened.enter_context(start(*front))
        owner = opened.enter_context(
            httpx2.Client(base_url=running.url, headers={"cookie": running.session}, timeout=60, trust_env=False)
        )

        def asked_for(path: str) -> Any:
            answer = owner.get(path)
            assert answer.status_code in (200, 503), (path, answer.status_code, answer.text)
            return answer.json()

        added = owner.post("api/people", data={"name": "Eileen"}, files=photo)
        person = f"api/people/{added.json()['id']}"
        rules = {"tell": "notify", "may_open": "1", "consent": "she did", "password": OWNER["password"]}
        found["introduced"] = [added.status_code, owner.post(f"{person}/rules", data=rules).status_code]
        until(lambda: opened_for(asked_for("api/door")))
        found["door"] = f"would have opened for {opened_for(asked_for('api/door'))}"
        until(lambda: any(row["person"] == "Eileen" for row in asked_for("api/visits")))
        found["nearest"] = owner.post("api/search", files=photo).json()["people"][0]["name"]
        until(lambda: len(asked_for("healthz")["problems"]) >= 2)
        found["problems"] = sorted(asked_for("healthz")["problems"])
        found["cameras"] = asked_for("healthz")["cameras"]
        until(lambda: any((folder / "shared").iterdir()))
        found["shared"] = len(list((folder / "shared").iterdir()))
        export = zipfile.ZipFile(io.BytesIO(owner.post(f"{person}/export").content))
        found["exported"] = json.loads(export.read("person.json"))["name"]
        found["backup"] = process("backup", folder / "kept", *front[:2], *words).stderr
        found["erased"] = owner.post(f"{person}/forget").status_code
        found["left"] = asked_for("api/people")
        found["exit"] = running.stop()
    there = ("--data", folder / "there")
    found["restored"] = process("restore", folder / "kept", *there, *words).stderr
    found["people"] = process("people", "list", *there).stdout.split().count("Eileen")
    camera.shutdown()
    return found


def main() -> None:
    """Live a day and print how it was."""
    folder = Path(sys.argv[1])
    outside = alone(folder)
    print(json.dumps({**live_a_day(folder), "outside": outside, "asked": asked(folder)}))


if __name__ == "__main__":
    main()
