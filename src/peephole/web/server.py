"""Serves the application from a thread of its own, so that the main thread stays free to be told to stop."""

import asyncio
import errno
import logging
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from peephole.web.connection_limits import bounds
from peephole.web.streams import Streams

_LOG = logging.getLogger("uvicorn.error")  # whose lines are the doorbell's own (operations.log)
RENEWAL_SECONDS = 60.0
"""So often it is looked whether the certificate has been renewed."""


@dataclass(frozen=True)
class Certificate:
    """What the page is served with over TLS: PEM files.

    strict_days: for so long a browser that came once asks for nothing at this name without TLS.
    """

    certificate: Path
    private_key: Path
    strict_days: int = 0

    def headers(self) -> list[tuple[str, str]]:
        """Return what each answer says of TLS."""
        if not self.strict_days:
            return []
        return [("Strict-Transport-Security", f"max-age={self.strict_days * 24 * 3600}")]

    def version(self) -> tuple[tuple[int, int, int], ...]:
        """Return what changes when the files do; empty while one of them is not there."""
        try:
            found = [file.stat() for file in (self.certificate, self.private_key)]
        except OSError:
            return ()
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """Take the port before anything else is started. option: by which another one is chosen.

    Raises:
        OSError: it is taken, or may not be had; one sentence.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise OSError(f"{host}: no address of this machine; choose another one with --host") from error
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise OSError(_why_not(error, host, port, option)) from error
    return taken


def _why_not(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; stop it, or choose another port with {option}"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the administrator; choose one above 1023 with {option}"
    return f"{host}: no address of this machine; choose another one with --host"


def check(tls: Certificate) -> None:
    """Read certificate and key as the server will.

    Raises:
        ValueError: they cannot be used; one sentence that names the file.
    """
    for file in (tls.certificate, tls.private_key):
        try:
            file.read_bytes()
        except OSError as error:
            raise ValueError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        # OpenSSL would ask for the passphrase of an encrypted key on the terminal; a service has none.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.private_key, password="")
    except (OSError, ssl.SSLError) as error:
        if b"ENCRYPTED" in tls.private_key.read_bytes():
            raise ValueError(f"{tls.private_key}: opens by a passphrase only; give the key without one") from error
        raise ValueError(f"{tls.certificate}: no certificate with the key {tls.private_key} ({error})") from error


class _Renewal(threading.Thread):
    """Takes a renewed certificate into use, for connections that are made from then on."""

    def __init__(self, tls: Certificate, context: ssl.SSLContext) -> None:
        super().__init__(name="certificate", daemon=True)
        self._tls, self._context = tls, context
        self._version = tls.version()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(RENEWAL_SECONDS):
            if (version := self._tls.version()) not in ((), self._version):
                self._version = version
                self._renew()

    def _renew(self) -> None:
        try:
            check(self._tls)  # apart from the context in use, which half of a pair would spoil
            self._context.load_cert_chain(self._tls.certificate, self._tls.private_key, password="")
        except (OSError, ValueError) as error:
            _LOG.warning("the old certificate stays in use: %s", error)
        else:
            _LOG.info("%s: the renewed certificate is in use", self._tls.certificate)

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


class _StoppableServer(uvicorn.Server):
    """Ends the viewers' endless streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.close()
        await super().shutdown(sockets)


class Server:
    """The running server, as a context: it serves inside the `with` block."""

    def __init__(self, app: FastAPI, streams: Streams, taken: socket.socket, tls: Certificate | None = None) -> None:
        self._scheme = "http" if tls is None else "https"
        config = uvicorn.Config(
            app,
            log_level="warning",
            log_config=None,  # its words go where those of the doorbell go
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            lifespan="off",
            loop="asyncio",
            ws="none",
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.private_key,
            headers=[] if tls is None else tls.headers(),
            **bounds(),
        )
        self._renewal: _Renewal | None = None
        if tls is not None:
            check(tls)
            config.load()
            if config.ssl is not None:
                self._renewal = _Renewal(tls, config.ssl)
        self._server = _StoppableServer(config, streams)
        self._socket = taken
        self._thread = threading.Thread(target=self._run, name="web")

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> "Server":
        """Start serving."""
        self._thread.start()
        if self._renewal is not None:
            self._renewal.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: no new connections, open streams end, the rest has three seconds."""
        self._server.should_exit = True
        if self._renewal is not None:
            self._renewal.end()
        self._thread.join()
        self._socket.close()

    @property
    def url(self) -> str:
        """The address of the page."""
        host, port = self._socket.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared, not bound)
        return f"{self._scheme}://[{host}]:{port}/" if ":" in host else f"{self._scheme}://{host}:{port}/"
