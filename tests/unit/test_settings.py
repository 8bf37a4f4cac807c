"""Settings: a TOML file under the environment, and mistakes in one sentence."""

import json
from pathlib import Path

import pytest

from peephole.cli.app import invoke
from peephole.secret import read_secret
from peephole.settings.household import Camera, Settings
from peephole.settings.mistakes import WRITTEN
from peephole.settings.reading import read_settings
from peephole.settings.reference import reference
from peephole.store.store import Store

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PEEPHOLE_CONFIG", "PEEPHOLE_DATA", "PEEPHOLE_PAGE__PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def write(folder: Path, text: str) -> Path:
    file = folder / "peephole.toml"
    file.write_text(text)
    return file


def test_without_a_file_everything_is_as_by_default() -> None:
    read = read_settings()

    assert read.file is None
    assert read.settings.cameras == ()
    assert read.settings.page.port == 8642
    assert not read.origins


def test_the_file_says_what_differs(tmp_path: Path) -> None:
    file = write(tmp_path, '[[cameras]]\nname = "front"\nsource = "camera:0"\n[page]\nport = 80\n')

    read = read_settings(file)

    assert read.settings.cameras == (Camera(name="front", source="camera:0"),)
    assert (read.settings.page.port, read.settings.page.host) == (80, "127.0.0.1")
    assert read.origins == {"cameras": str(file), "page.port": str(file)}


def test_the_usual_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "config" / "peephole"
    folder.mkdir(parents=True)
    file = write(folder, "[page]\nport = 81\n")

    assert read_settings().file == file

    monkeypatch.setenv("PEEPHOLE_CONFIG", str(write(tmp_path, "[page]\nport = 82\n")))
    assert read_settings().settings.page.port == 82


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEPHOLE_PAGE__PORT", "83")
    file = write(tmp_path, '[page]\nport = 80\nhost = "::1"\n')

    read = read_settings(file)

    assert (read.settings.page.port, read.settings.page.host) == (83, "::1")
    assert read.origins == {"page.port": "PEEPHOLE_PAGE__PORT", "page.host": str(file)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[page]\nport = true\n", "page.port: this is a number, not true or false"),
        ("[recognition]\nknown_rate = nan\n", "recognition.known_rate: this is a number"),
        ("data = 3\n", "data: this is a path, a text in quotes"),
        ('cameras = "front"\n', 'cameras: this is a list, as in ["one", "other"]'),
        (
            '[[cameras]]\nname = "front\\ndoor"\nsource = "demo"\n',
            "cameras.0.name: a name is one line of characters that can be shown, without blanks around it",
        ),
        (
            '[mqtt]\nhost = "mqtt://broker"\n',
            "mqtt.host: a host is a name or an address alone, as broker.lan or 192.168.1.5, without mqtt:// or blanks",
        ),
        (
            '[notify]\nlink = "doorbell.lan"\n',
            "notify.link: an address is written as http://doorbell.lan:8642, without ? and #",
        ),
        ("[page]\nprt = 1\n", "page.prt: there is no such setting; 'peephole settings reference' lists them"),
        ("[page]\nport = 65536\n", "page.port: Input should be less than or equal to 65535"),
        ('[[cameras]]\nname = "front"\n', "cameras.0.source: Field required"),
        (
            '[[cameras]]\nname = "A"\nsource = "demo"\n[[cameras]]\nname = "a"\nsource = "demo"\n',
            "two cameras have the same name: A",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    file = write(tmp_path, text)

    with pytest.raises(ValueError, match=r".") as error:
        read_settings(file)

    assert str(error.value) == f"{file}: {sentence}"


def test_every_pattern_is_said_in_words() -> None:
    def patterns(schema: object) -> set[str]:
        if isinstance(schema, dict):
            own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
            return own.union(*map(patterns, schema.values()))
        return set().union(*map(patterns, schema)) if isinstance(schema, list) else set()

    assert patterns(Settings.model_json_schema()) == set(WRITTEN)


def test_a_mistake_of_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEEPHOLE_PAGE__PORT", "many")

    with pytest.raises(ValueError, match=r"^PEEPHOLE_PAGE__PORT: Input should be a valid integer"):
        read_settings()


def test_what_is_no_toml_or_no_file_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["settings", "check", "--config", str(write(tmp_path, "page = {"))]) == 1
    assert f"peephole: {tmp_path}/peephole.toml: no TOML: " in capsys.readouterr().err
    (tmp_path / "latin.toml").write_bytes(b'[mqtt]\nname = "T\xfcr"\n')
    assert invoke(["settings", "check", "--config", str(tmp_path / "latin.toml")]) == 1
    assert "latin.toml: no TOML: byte 16 is not UTF-8; save the file as UTF-8 text" in capsys.readouterr().err
    assert invoke(["settings", "check", "--config", str(tmp_path / "none.toml")]) == 1
    assert "none.toml: the settings cannot be read (No such file or directory)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[storage]\nkey = "file:/nope"\n', "storage.key: /nope cannot be read (No such file or directory)"),
        ('[storage]\nkey = "text:12"\n', "storage.key: a key is 64 hexadecimal digits"),
        ('[mqtt]\nhost = "b"\nuser = "u"\npassword = "file:/nope"\n', "mqtt.password: /nope cannot be read"),
        ('[[notify.targets]]\nname = "x"\nservice = "webhook"\nurl = "text:ftp://x"\n', "notify target x: "),
        ('[storage]\nkey = "credential:key"\n', ""),
    ],
)
def test_a_check_reads_what_the_secrets_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    status = invoke(["settings", "check", "--config", str(write(tmp_path, text)), "--data", str(tmp_path / "home")])

    told = capsys.readouterr()
    assert (status, sentence in told.err) == (1 if sentence else 0, True)


def test_shown_with_their_origins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "[page]\nport = 80\n")

    assert invoke(["settings", "show", "--config", str(file), "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["settings"]["page.port"] == 80
    assert shown["origins"] == {"page.port": str(file)}


def test_no_secret_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cameras = "".join(
        f'[[cameras]]\nname = "{name}"\nsource = "{scheme}://me:hunter2@cam.lan/hunter2?token=hunter2"\n'
        for name, scheme in (("front", "rtsp"), ("back", "http"))
    )
    file = write(tmp_path, f'{cameras}[mqtt]\nhost = "broker"\nuser = "me"\npassword = "text:hunter2"\n')
    for form in ([], ["--json"]):
        assert invoke(["settings", "show", "--config", str(file), *form]) == 0
        shown = capsys.readouterr().out
        assert "hunter2" not in shown and "rtsp://cam.lan" in shown and "http://cam.lan" in shown


def test_the_folder_is_the_one_that_the_named_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, f'data = "{tmp_path}/house"\n')
    with Store(tmp_path / "house") as store:
        store.settings.change("Olga", {"retention.visits": 45, "door.mode": "on"})

    assert invoke(["settings", "check", "--config", str(file)]) == 1
    assert "door.mode, as set on the page: " in capsys.readouterr().err
    assert invoke(["settings", "forget", "door.mode", "--config", str(file)]) == 0
    assert invoke(["settings", "check", "--config", str(file)]) == 0
    assert invoke(["settings", "show", "--config", str(file), "--json"]) == 0
    assert '"retention.visits": 45' in capsys.readouterr().out
    assert invoke(["settings", "show", "--config", str(file), "--data", str(tmp_path / "other"), "--json"]) == 0
    assert '"retention.visits": 90' in capsys.readouterr().out


def test_the_reference_in_the_docs_is_the_printed_one() -> None:
    assert DOCS.read_text().endswith(f"\n{reference()}\n"), "run: peephole settings reference, into docs/settings.md"


def test_a_secret_is_a_file_a_credential_or_the_text_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "word").write_bytes(b"open sesame\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert read_secret("text:open sesame", "broker") == b"open sesame"
    assert read_secret(f"file:{tmp_path}/word", "broker") == b"open sesame"
    assert read_secret("credential:word", "broker") == b"open sesame"


def test_a_secret_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (tmp_path / "nothing").touch()

    with pytest.raises(OSError, match=r"broker: .*gone cannot be read \(No such file or directory\)"):
        read_secret(f"file:{tmp_path}/gone", "broker")
    with pytest.raises(ValueError, match="nothing is empty"):
        read_secret(f"file:{tmp_path}/nothing", "broker")
    with pytest.raises(ValueError, match="needs systemd's LoadCredential="):
        read_secret("credential:word", "broker")
