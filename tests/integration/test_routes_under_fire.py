"""Whatever is sent to the page: it answers, and never with 500. The whole household runs, in a process of its own."""

import re
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

import running
from commands import peephole
from peephole.vision.sources.demo.portraits import GRACE

SECONDS = 10.0
ENDLESS = frozenset({"/api/events"})
"""Streams; `test_web` opens them."""
LEAVING = frozenset({"/logout"})
FORGETTING = re.compile("remove|discard|forget|erase|empty|assign|merge|ignore")
"""What takes away whom others are asked about comes last."""


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    """A doorbell that has seen the demo once and now watches a picture that has ended."""
    folder = tmp_path_factory.mktemp("household")
    pictures = folder / "pictures"
    pictures.mkdir()
    shutil.copy(GRACE.path(), pictures)
    assert peephole("run", "--source", "demo", "--once", "--data", folder / "data").returncode == 0
    home = running.start("--source", pictures, "--data", folder / "data")
    complaints: list[str] = []
    assert home.process.stderr is not None
    reader = threading.Thread(target=complaints.extend, args=(home.process.stderr,))
    reader.start()
    home.url = home.url.rstrip("/")
    yield home
    assert home.stop() == 0
    reader.join()
    home.process.stderr.close()
    assert not [line for line in complaints if "Traceback" in line]


@pytest.fixture(scope="module")
def owner(household: running.Running) -> requests.Session:
    """The owner's, which asks from the household's own page."""
    session = requests.Session()
    session.headers.update({"origin": household.url, "cookie": household.session})
    return session


@pytest.fixture(scope="module")
def ids(household: running.Running, owner: requests.Session) -> dict[str, str]:
    """Of a person, a stranger, a visit and a look, by their names in paths: not every key is one of nothing."""
    found = [owner.get(f"{household.url}/api/{what}", timeout=SECONDS).json() for what in ("people", "visits")]
    strangers = owner.get(f"{household.url}/api/strangers?every_state=1", timeout=SECONDS).json()
    keys = {"person": found[0][0]["id"], "visit": found[1][0]["visit"], "stranger": strangers[0]["id"], "number": "1"}
    assert len(set(keys.values())) == 4
    return keys


@pytest.fixture(scope="module")
def schema(household: running.Running, owner: requests.Session) -> OpenApiSchema:
    listed = owner.get(f"{household.url}/api/openapi.json", timeout=SECONDS).json()
    return schemathesis.openapi.from_dict(listed)


class Links(HTMLParser):
    """Every address of this site that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in {"href", "src", "hx-get"} and value}


def crawled(household: running.Running, owner: requests.Session, most: int = 150) -> dict[str, int]:
    """Follow every link from the front page; status by address."""
    waiting, seen = ["/"], {}
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen or urlsplit(address).path in {"/live.mjpeg"}:
            continue
        with owner.get(household.url + address, timeout=SECONDS, headers={"accept": "text/html"}) as answer:
            seen[address] = answer.status_code
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            links = Links()
            links.feed(answer.text)
        for link in sorted(links.found):
            there = urlsplit(urljoin(f"{household.url}{address}", link))
            assert there.netloc == urlsplit(household.url).netloc, f"{address} leads elsewhere: {link}"
            waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return seen


def test_every_link_of_the_page_leads_somewhere(
    household: running.Running, owner: requests.Session, ids: dict[str, str]
) -> None:
    seen = crawled(household, owner)
    assert {address: status for address, status in seen.items() if status != 200} == {}
    assert len(seen) > 20
    assert any(ids["visit"] in address for address in seen)


HOSTILE = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "%00",
    "a%00.jpg",
    "%ff%fe",
    "%0d%0aset-cookie:%20a=b",
    "' OR '1'='1",
    "1; DROP TABLE people",
    "<script>alert(1)</script>",
    "{{7919*7907}}",
    "9" * 400,
    "-1",
    "1e999",
    "\u202e\U0001f600",
)


def test_hostile_steps_and_questions(household: running.Running, owner: requests.Session) -> None:
    """In place of each last step of a path, and of each value behind the question mark, of all that is linked."""
    pages = {urlsplit(address).path for address in crawled(household, owner)}
    stems = {re.sub(r"[^/]+$", "", page) for page in pages}
    names = ("kind", "who", "day", "month", "before", "after", "page", "visit", "done", "next", "camera", "q", "names")
    for text in HOSTILE:
        wanted = text if "%" in text else quote(text, safe="")
        for stem in sorted(stems):
            check(owner, household.url + stem + wanted, text)
        for page in sorted({path for path in pages if path.count("/") == 1}):
            check(owner, f"{household.url}{page}?" + "&".join(f"{name}={wanted}" for name in names), text)


def check(owner: requests.Session, address: str, sent: str) -> None:
    prepared = owner.prepare_request(requests.Request("GET", address, headers={"accept": "text/html"}))
    prepared.url = address  # as it stands, with its dots
    with owner.send(prepared, timeout=SECONDS, stream=True, allow_redirects=False) as answer:
        assert answer.status_code < 500, address
        assert "a=b" not in answer.headers.get("set-cookie", ""), address
        kind = answer.headers.get("content-type", "")
        if kind.startswith("text/") and not address.endswith("mjpeg"):
            body = answer.text
            assert "root:" not in body, address
            assert "<script>alert" not in body, address
            assert str(7919 * 7907) not in body, address


def operations(schema: OpenApiSchema) -> list[APIOperation]:
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_request_of_the_openapi_list_is_a_fault_of_ours(
    household: running.Running,
    owner: requests.Session,
    schema: OpenApiSchema,
    ids: dict[str, str],
    mode: GenerationMode,
) -> None:
    """Requests as the list has them (positive), and as it does not (negative); half of the keys exist."""
    asked = [one for one in operations(schema) if one.path not in ENDLESS | LEAVING]
    asked.sort(key=lambda one: (FORGETTING.search(one.path) is not None, one.path, one.method))
    tried = [one.path for one in asked if fire(one, household.url, owner, ids, mode)]
    assert len(tried) >= 5


def fire(operation: APIOperation, url: str, owner: requests.Session, ids: dict[str, str], mode: GenerationMode) -> bool:
    """Send requests for one operation; tell whether there are any of that mode."""

    @settings(
        max_examples=12 if mode is GenerationMode.POSITIVE else 4,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def answers(case: schemathesis.Case, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        answer = case.call(base_url=url, session=owner, timeout=SECONDS)
        assert answer.status_code not in {401, 500}, case.as_curl_command()
        if answer.status_code >= 400 and "application/json" in answer.headers.get("content-type", ""):
            assert set(answer.json()) & {"error", "detail", "status"}, case.as_curl_command()

    try:
        answers()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, operation.path
        return False  # a route that takes nothing cannot be asked wrongly
    return True
