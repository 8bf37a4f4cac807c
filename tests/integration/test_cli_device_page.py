"""`peephole device page` as its owner starts and stops it; what the page shows is tested in test_device_page.py."""

import json
import socket
import urllib.request
from pathlib import Path

from commands import assert_one_line, peephole
from device_line import MadeUpDevice, pair, socket_to, stranger, terminal_to
from running import start_page
from waiting import until


def health(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}healthz", timeout=10) as answer:  # noqa: S310 - our own page
        told: dict[str, str] = json.load(answer)
    return told


def test_it_serves_until_it_is_told_to_stop_and_holds_the_line(tmp_path: Path) -> None:
    device = MadeUpDevice()
    stranger(device)
    with terminal_to(device) as port:
        pair(device, tmp_path, port)
        page = start_page("device", "--port", port, "--data", tmp_path, "page", "--http", 0)
        try:
            until(lambda: health(page.url)["status"] == "ok" and "Connected" in health(page.url)["text"])
            assert health(page.url)["text"].endswith(f"on {port}: 0 of 4 people, 1 of 3 strangers")
            other = peephole("device", "--port", port, "--data", tmp_path, "people", "list")
            assert_one_line(other, 1, port, "another program has it", "peephole device page")
            assert page.stop() == 0
        finally:
            page.process.kill()
            page.process.communicate()
        assert peephole("device", "--port", port, "--data", tmp_path, "people", "list").returncode == 0


def test_a_device_that_is_not_paired_is_said_to_be_so(tmp_path: Path) -> None:
    with socket_to(MadeUpDevice()) as port:
        page = start_page("device", "--port", port, "--data", tmp_path, "page", "--http", 0)
        try:
            until(lambda: health(page.url)["status"] == "lost")
            assert "not paired yet; press the device's button" in health(page.url)["text"]
            assert page.stop() == 0
        finally:
            page.process.kill()
            page.process.communicate()


def test_what_cannot_be_served(tmp_path: Path) -> None:
    assert_one_line(peephole("device", "page"), 2, "--port")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        http = taken.getsockname()[1]
        done = peephole("device", "--port", "/dev/nothing", "--data", tmp_path, "page", "--http", http)
    assert_one_line(done, 1, f"port {http} is taken by another program", "--http")
