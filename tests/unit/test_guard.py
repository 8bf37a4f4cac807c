"""Who may ask the page for what."""

import pytest
from starlette.datastructures import Headers

from peephole.web.guard import host_allowed, same_site


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "192.168.1.7:80", "[::1]:8642", "door.local:8642"])
def test_own_hosts(host: str) -> None:
    assert host_allowed(host, frozenset({"localhost", "door.local"}))


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8642", "[::1", "127.0.0.1@evil.example"],
)
def test_foreign_hosts(host: str) -> None:
    assert not host_allowed(host, frozenset({"localhost", "door.local"}))


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "127.0.0.1:8642", "origin": "http://127.0.0.1:8642"}, True),
        ({"host": "127.0.0.1:8642", "origin": "http://evil.example"}, False),
        ({"host": "127.0.0.1:8642", "origin": "http://127.0.0.1:9000"}, False),
        ({"host": "127.0.0.1:8642", "origin": "null"}, False),
        ({"host": "127.0.0.1:8642", "origin": "http://["}, False),
        ({"host": "127.0.0.1:8642"}, True),
        ({"host": "127.0.0.1:8642", "sec-fetch-site": "same-origin"}, True),
        ({"host": "127.0.0.1:8642", "sec-fetch-site": "cross-site"}, False),
        ({"host": "127.0.0.1:8642", "sec-fetch-site": "same-site"}, False),
    ],
)
def test_only_our_own_page_may_change_something(headers: dict[str, str], allowed: bool) -> None:
    assert same_site(Headers(headers)) is allowed
