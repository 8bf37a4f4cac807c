"""Small real servers on a free port that take what notifications send, and may be slow or refuse."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server; `heard` holds what came. `status` is what it answers, once `gate` lets it."""

    status: int = 200
    port: int = 0
    heard: list[Request] = field(default_factory=list)
    gate: Callable[[], object] = lambda: None
    location: str | None = None
    drips: bool = False
    """Whether the answer comes a byte a twentieth of a second, and never to its end."""

    def __enter__(self) -> "Receiver":
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                where = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(where.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                ours.heard.append(Request(where.path, query, dict(self.headers), body))
                ours.gate()
                while ours.drips:
                    self.wfile.write(b"H")
                    time.sleep(0.05)
                self.send_response(ours.status)
                if ours.location is not None:
                    self.send_header("Location", ours.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # whoever did not wait for the answer is what is tested

        self._server = Server(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
