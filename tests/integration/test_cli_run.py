"""`peephole run` as a user starts it: what it prints, how it ends, and one clear line for everything that fails."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands import assert_one_line, peephole, tiny_program
from running import Running, model_arguments, start
from waiting import PATIENCE, until


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that runs and knows nobody."""
    path = tmp_path_factory.mktemp("program") / "tiny.safetensors"
    tiny_program(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((80, 120, 3), 40 * number, np.uint8))
    return folder


def run(program: Path, tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return peephole("run", "--model", program, "--data", tmp_path / "data", *arguments)


def test_empty_pictures_end_quietly(program: Path, tmp_path: Path, pictures: Path) -> None:
    done = run(program, tmp_path, "--source", pictures, "--once", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bad_sources(program: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("words " * 99)
    (tmp_path / "walk.mp4").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "face.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    for name, words in {
        "gone.mp4": "no such file",
        "empty": "holds no picture",
        "notes.txt": "not a video",
        "walk.mp4": "not a video",
        "face.png": "not an image",
    }.items():
        assert_one_line(run(program, tmp_path, "--source", tmp_path / name, "--once"), 1, name, words)
    assert_one_line(run(program, tmp_path, "--source", "camera:x", "--once"), 1, "camera:x", "number")


def test_cut_video_is_used_and_then_told(program: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.avi"
    writer = cv2.VideoWriter(str(whole), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 96))
    for number in range(60):
        writer.write(np.random.default_rng(number).integers(0, 255, (96, 128, 3), np.uint8))
    writer.release()
    (tmp_path / "cut.avi").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert_one_line(run(program, tmp_path, "--source", tmp_path / "cut.avi", "--once"), 1, "cut off", "were used")


def test_unreachable_stream(program: Path, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"rtsp://me:secret@127.0.0.1:{unused.getsockname()[1]}/live"
        done = run(program, tmp_path, "--source", url, "--once")
    assert_one_line(done, 1, "rtsp://127.0.0.1:", "cannot be reached")
    assert "secret" not in done.stderr


def test_broken_program(tmp_path: Path, program: Path, pictures: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(program.read_bytes()[:-100])
    assert_one_line(run(broken, tmp_path, "--source", pictures, "--once"), 1, "broken.safetensors")


def test_busy_port(program: Path, tmp_path: Path, pictures: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        done = run(program, tmp_path, "--source", pictures, "--port", port)
    assert_one_line(done, 1, f"port {port} is taken", "--port")


def test_foreign_address(program: Path, tmp_path: Path, pictures: Path) -> None:
    done = run(program, tmp_path, "--source", pictures, "--host", "192.0.2.1")
    assert_one_line(done, 1, "192.0.2.1: no address of this machine")


def ask(running: Running, path: str) -> http.client.HTTPResponse:
    request = urllib.request.Request(running.url + path, headers={"cookie": running.session})  # noqa: S310 - our own
    answer = urllib.request.urlopen(request, timeout=PATIENCE)  # noqa: S310
    assert isinstance(answer, http.client.HTTPResponse)
    return answer


def served(program: Path, data: Path, source: Path) -> Running:
    return start("--model", program, "--data", data, "--source", source)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stops_when_told_with_streams_open(program: Path, tmp_path: Path, pictures: Path, how: signal.Signals) -> None:
    running = served(program, tmp_path / "data", pictures)
    try:
        streams = [ask(running, path) for path in ("api/events", "live.mjpeg")]
        assert streams[0].readline() == b"event: status\n"
        until(lambda: json.load(ask(running, "healthz"))["viewers"] == 2)
        whole = streams[1].readline() + streams[1].readline() + streams[1].readline() + streams[1].readline()
        assert whole.startswith(b"--peephole-frame\r\nContent-Type: image/jpeg\r\nContent-Length: ")
        length = int(whole.split()[-1])
        # The boundary after a picture comes with it, or browsers would show every picture one too late.
        assert streams[1].read(length + 20)[-20:] == b"\r\n--peephole-frame\r\n"
        running.process.send_signal(how)
        assert running.process.wait(PATIENCE) == 0
        assert running.process.stderr is not None and running.process.stderr.read() == ""
        for stream in streams:
            stream.close()
    finally:
        running.process.kill()
        running.process.communicate()


def test_second_instance(program: Path, tmp_path: Path, pictures: Path) -> None:
    running = served(program, tmp_path / "data", pictures)
    try:
        done = run(program, tmp_path, "--source", pictures, "--port", 0)
        assert_one_line(done, 1, str(tmp_path / "data"), "another peephole", str(running.process.pid))
    finally:
        running.process.kill()
        running.process.communicate()


def test_page_outlives_a_recording(program: Path, tmp_path: Path, pictures: Path) -> None:
    running = served(program, tmp_path / "data", pictures)
    try:
        until(lambda: json.load(ask(running, "healthz"))["status"] == "ended")
        assert json.load(ask(running, "healthz"))["text"] == f"{pictures} has ended"
        assert ask(running, "live.jpg").read().startswith(b"\xff\xd8")
        assert running.stop() == 0
    finally:
        running.process.kill()
        running.process.communicate()


def test_reader_that_goes_away_early(program: Path, tmp_path: Path) -> None:
    """`peephole run --once --json | head -1`: no traceback."""
    model = model_arguments()
    command = [sys.executable, "-m", "peephole.cli.app", "run", "--source", "demo", "--once", "--json", *model]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    assert json.loads(process.stdout.readline())["event"] == "visit_started"
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.slow
@pytest.mark.skipif(any(Path("/dev").glob("video*")), reason="there is a camera")
def test_demo_for_want_of_a_camera_keeps_out_of_the_owners_folder(tmp_path: Path) -> None:
    done = peephole("run", "--once", "--json", "--data", tmp_path / "data", *model_arguments())
    assert done.returncode == 0, done.stderr
    assert "there is no camera, so this is the demo" in done.stderr
    assert f"give other commands --data {tmp_path}/data-demo\n" in done.stderr
    assert [folder.name for folder in tmp_path.iterdir()] == ["data-demo"]


@pytest.mark.slow
def test_demo_is_one_visit_a_walk(tmp_path: Path) -> None:
    arguments = ("--source", "demo", "--once", "--json", "--data", tmp_path / "data", *model_arguments())
    events = []
    for _ in range(2):
        done = peephole("run", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        events += [json.loads(line) for line in done.stdout.splitlines()]
    visits = [event for event in events if event["event"] == "visit"]
    assert [(visit["decision"], visit["person"], visit["stranger"]) for visit in visits] == [
        ("known", "Eileen Collins", None),
        ("stranger", None, 1),
    ] * 2
    assert all(visit["distance"] > 0 and visit["reason"] for visit in visits)
    stranger = visits[-1]["stranger_id"]
    data = ("--data", tmp_path / "data", *model_arguments())
    assert peephole("strangers", "assign", stranger, "Grace Hopper", *data).returncode == 0
    last = json.loads(peephole("run", *arguments).stdout.splitlines()[-1])
    assert (last["event"], last["decision"], last["person"]) == ("visit", "known", "Grace Hopper")
