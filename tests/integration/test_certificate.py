"""The page's certificate: used or refused at once, taken into use when it is renewed, and what browsers are told."""

import logging
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from peephole.live import Announcer
from peephole.web import server
from peephole.web.server import Certificate, Server, check, listen
from peephole.web.streams import Streams
from waiting import until

Serving = Callable[[Certificate | None], Server]


def made(folder: Path, stem: str, sealing: KeySerializationEncryption) -> Certificate:
    """A certificate and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, stem)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pair = Certificate(folder / f"{stem}.pem", folder / f"{stem}-key.pem")
    pair.certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    pair.private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    return pair


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    good, other = made(tmp_path, "good", NoEncryption()), made(tmp_path, "other", NoEncryption())
    check(good)
    with pytest.raises(ValueError, match=r"nowhere\.pem: cannot be read \(No such file or directory\)"):
        check(Certificate(good.certificate, tmp_path / "nowhere.pem"))
    with pytest.raises(ValueError, match=r"good\.pem: no certificate with the key .*/other-key\.pem"):
        check(Certificate(good.certificate, other.private_key))


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"door-key\.pem: opens by a passphrase only; give the key without one"):
        check(made(tmp_path, "door", BestAvailableEncryption(b"open sesame")))


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """Serves one page, over TLS where a certificate is given, and looks often whether that was renewed."""
    monkeypatch.setattr(server, "RENEWAL_SECONDS", 0.05)
    app = FastAPI()
    app.get("/")(lambda: "here")
    with ExitStack() as running:

        def serve(tls: Certificate | None) -> Server:
            streams = Streams(SimpleNamespace(cameras=(), announcer=Announcer()))
            return running.enter_context(Server(app, streams, listen("127.0.0.1", 0), tls))

        yield serve


def shown(page: Server) -> str:
    """For whom the certificate is that a new connection is shown."""
    place = urlsplit(page.url)
    pem = ssl.get_server_certificate((str(place.hostname), int(place.port or 0)))
    return x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()


def test_a_renewed_certificate_is_taken_into_use(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A doorbell that ran in this process keeps the server's lines for itself.
    monkeypatch.setattr(server, "_LOG", logging.getLogger("a server of its own"))
    tls, renewed = made(tmp_path, "first", NoEncryption()), made(tmp_path, "second", NoEncryption())
    page = serving(tls)
    assert shown(page) == "CN=first"
    renewed.certificate.replace(tls.certificate)  # and its key a moment later: meanwhile they are no pair
    until(lambda: "the old certificate stays in use" in caplog.text)
    assert shown(page) == "CN=first"
    renewed.private_key.replace(tls.private_key)
    until(lambda: shown(page) == "CN=second")


def test_over_tls_browsers_are_told_to_ask_for_nothing_without(serving: Serving, tmp_path: Path) -> None:
    tls = made(tmp_path, "door", NoEncryption())
    anybodys = ssl.create_default_context()
    anybodys.check_hostname, anybodys.verify_mode = False, ssl.CERT_NONE

    def told(given: Certificate | None) -> str | None:
        with urllib.request.urlopen(serving(given).url, context=anybodys, timeout=30) as answer:  # noqa: S310
            return answer.headers["Strict-Transport-Security"]

    assert told(replace(tls, strict_days=7)) == "max-age=604800"
    assert told(replace(tls, strict_days=0)) is None
    assert told(None) is None
