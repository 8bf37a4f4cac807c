"""Serves the application from a thread of its own, so that the main thread stays free to be told to stop."""

import asyncio
import errno
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from peephole.web.streams import Streams


@dataclass(frozen=True)
class Certificate:
    """What the page is served with over TLS: PEM files."""

    certificate: Path
    private_key: Path


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
        )
        if tls is not None:
            try:
                config.load()
            except (OSError, ssl.SSLError) as error:
                raise ValueError(f"{tls.certificate}: no certificate with this private key ({error})") from error
        self._server = _StoppableServer(config, streams)
        self._socket = taken
        self._thread = threading.Thread(target=self._run, name="web")

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def __enter__(self) -> "Server":
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: no new connections, open streams end, the rest has three seconds."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    @property
    def url(self) -> str:
        """The address of the page."""
        host, port = self._socket.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared, not bound)
        return f"{self._scheme}://[{host}]:{port}/" if ":" in host else f"{self._scheme}://{host}:{port}/"
