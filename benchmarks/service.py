"""A token service and an API in a process of their own, whose tokens tell when they were born.

`python benchmarks/service.py` prints its port. A token is `<birth on the boot clock>.<life>.<number>`, so its
holder can tell whether it is dead, whatever was done to the holder's clocks. `GET /orders?...` orders
misbehaviour, `GET /count` tells how many token requests came, and how many before `Retry-After` was over.
"""

import base64
import itertools
import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


def boot_clock() -> float:
    """Seconds that nobody can set, the same in every process of this computer."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


PAGE = "<!DOCTYPE html><title>Welcome</title><p>Sign in to the network</p>"
ANSWERS: dict[str, tuple[int, dict[str, str], dict[str, object] | str]] = {  # what no token endpoint says
    "portal_by_redirect": (302, {"Location": "/welcome"}, ""),
    "portal_by_page": (200, {"Content-Type": "text/html"}, PAGE),
    "error_with_200": (200, {}, {"error": "temporarily_unavailable"}),
}
ENDLESS = 256 << 20  # bytes: the end of an endless answer, for those who would read on


class Service:
    """What the service does; its orders are attributes."""

    def __init__(self) -> None:
        self.life, self.latency, self.status, self.retry_after, self.hang = 1800.0, 0.0, 200, "", 0.0
        self.answer, self.expires_in, self.settle = "", "", 0.0
        self.revoked_before = 0.0
        self.count = self.early = self.sent = 0
        self.wait_until = self.settled_before = 0.0
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def order(self, orders: dict[str, str]) -> None:
        """Take orders such as `life=3`; `revoke=1` refuses all tokens so far, `settle=2` new ones for 2 s."""
        if orders.pop("revoke", None):
            self.revoked_before = boot_clock()
        if "settle" in orders:
            self.settled_before = boot_clock()
        for name, value in orders.items():
            setattr(self, name, type(getattr(self, name))(value))

    def token(self) -> tuple[int, dict[str, str], dict[str, object] | str]:
        """Answer a token request."""
        with self._lock:
            self.count += 1
            self.early += boot_clock() < self.wait_until
        time.sleep(self.latency + self.hang)
        if self.answer in ANSWERS:
            return ANSWERS[self.answer]
        if self.status == 503:
            return 503, {}, {"error": "temporarily_unavailable", "error_description": "down"}
        if self.status == 401:
            return 401, {}, {"error": "invalid_client", "error_description": "wrong secret"}
        if self.status == 429:
            self.wait_until = boot_clock() + float(self.retry_after) - 0.01
            return 429, {"Retry-After": self.retry_after}, {"error": "slow_down", "error_description": "429"}
        token = f"{boot_clock():.6f}.{self.life:g}.{next(self._numbers)}"
        padding = base64.b64encode(b"as long as a real one" * 20).decode()
        life = self.expires_in or f"{self.life:g}"
        body = f'{{"access_token": "{token}.{padding}", "token_type": "Bearer", "expires_in": {life}}}'
        return 200, {}, body

    def let_in(self, authorization: str) -> bool:
        """Tell whether a token is good at the API."""
        born, life = birth_and_life(authorization.removeprefix("Bearer "))
        known = not self.settle or born < self.settled_before or boot_clock() >= born + self.settle
        return known and self.revoked_before < born and boot_clock() < born + life


def birth_and_life(token: str) -> tuple[float, float]:
    """Read when a token was born, and how long it lives."""
    whole, fraction, life, *_ = token.split(".")
    return float(f"{whole}.{fraction}"), float(life)


def serve(service: Service) -> None:
    """Serve until killed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if parts.path == "/orders":
                service.order(dict(parse_qsl(parts.query)))
                return self.answer(200, {}, {})
            if parts.path == "/count":
                return self.answer(
                    200, {}, {"count": service.count, "early": service.early, "sent": service.sent}
                )
            if parts.path == "/welcome":
                return self.answer(200, {"Content-Type": "text/html"}, PAGE)
            if parts.path == "/v1/auth/token" and service.answer == "endless":
                return self.go_on()
            if parts.path == "/v1/auth/token":
                return self.answer(*service.token())
            good = service.let_in(self.headers.get("Authorization", ""))
            return self.answer(200 if good else 401, {}, {"arrived": len(body)})

        def go_on(self) -> None:
            service.count += 1
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            with suppress(OSError):
                while service.sent < ENDLESS:
                    self.wfile.write(b" " * 65536)
                    service.sent += 65536

        def answer(self, status: int, headers: dict[str, str], body: dict[str, object] | str) -> None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            headers = {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = handle_all  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Service())
