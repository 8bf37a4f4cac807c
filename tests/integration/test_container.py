"""What can be said of packaging/Dockerfile where nothing runs containers: what it copies is there, who it runs as."""

import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from peephole.settings.reading import read_settings

CHECKOUT = Path(__file__).resolve().parents[2]
HEALTHCHECK = CHECKOUT / "packaging/healthcheck.py"
LINES = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", (CHECKOUT / "packaging/Dockerfile").read_text())).splitlines()
STEPS = [(word, rest.split()) for word, _, rest in (line.strip().partition(" ") for line in LINES) if word]


def of(word: str) -> list[list[str]]:
    return [rest for one, rest in STEPS if one == word]


def test_every_step_is_one_that_there_is_and_what_is_copied_is_there() -> None:
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    assert {word for word, _ in STEPS} == known | {"ENTRYPOINT", "CMD"}
    sources = [source for rest in of("COPY") if rest[0][0] != "-" for source in rest[:-1]]
    assert {"csrc", "src", "pyproject.toml", "CMakeLists.txt"} < set(sources)
    assert [source for source in sources if not (CHECKOUT / source).exists()] == []


def test_what_is_run_in_a_step_is_a_program_of_the_shell() -> None:
    for rest in of("RUN"):
        command = " ".join(rest)
        subprocess.run(["sh", "-n", "-c", command], check=True)
        assert shlex.split(command)


def test_it_runs_as_nobody_of_importance_and_keeps_only_its_data() -> None:
    after_user = [word for word, _ in STEPS][[word for word, _ in STEPS].index("USER") :]
    assert of("USER") == [["10001"]] and "RUN" not in after_user and "COPY" not in after_user
    assert of("VOLUME") == [["/data"]]
    assert of("ENTRYPOINT") + of("CMD")[-1:] == [['["peephole"]'], ['["run"]']]


def test_its_environment_is_one_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(pair.split("=", 1) for pair in of("ENV")[0])
    (tmp_path / "peephole.toml").write_text("")
    for name, value in given.items():
        if name.startswith("PEEPHOLE_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PEEPHOLE_CONFIG", str(tmp_path / "peephole.toml"))
    settings = read_settings(None).settings
    assert (str(settings.data), settings.page.host, settings.page.port) == ("/data", "0.0.0.0", 8642)  # noqa: S104
    assert "/run/secrets/storage.key" in given["PEEPHOLE_STORAGE__KEY"]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_exits_as_the_doorbell_is(status: int, code: int) -> None:
    class Doorbell(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Doorbell) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{page.server_address[1]}"
        assert subprocess.run([sys.executable, HEALTHCHECK, place], check=False).returncode == code
        page.shutdown()
    assert subprocess.run([sys.executable, HEALTHCHECK, place], check=False).returncode == 1, "nobody there"
