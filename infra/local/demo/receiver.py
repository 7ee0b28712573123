"""The customer's callback receiver: an HTTP server that checks signatures, keeps events and can misbehave."""

import hmac
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, TypeAlias


@dataclass(frozen=True)
class Received:
    """One callback as it arrived."""

    event: dict[str, Any]
    at: float
    """Unix seconds."""
    complaint: str
    """What is wrong with its signatures, or empty."""
    answered: int
    """The HTTP status it was answered with."""


REPLAY_SECONDS = 300.0
"""How old a signature over a body may be: one that was overheard is worth nothing afterwards."""
Answer: TypeAlias = Callable[[dict[str, Any]], int]
"""Decides the HTTP status for an event; may block to let the sender wait."""


def complaint_about(event: dict[str, Any], key: str, now: float) -> str:
    """What is wrong with an event's `sign` and `t` (wire.md, section 6), or ""; `now` in unix seconds."""
    if "sign" not in event or "t" not in event:
        return "not signed"
    expected = md5(f"{key}{event['t']}".encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected, str(event["sign"])):
        return "signed with another key"
    if event["t"] <= now:
        return f"expired {now - event['t']:.0f} s ago"
    return ""


def complaint_about_bytes(body: bytes, header: str, key: str, now: float) -> str:
    """What is wrong with `X-Tapedeck-Signature` (docs/04-callbacks.md) for a body, or ""; `now` in unix seconds."""
    stated = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    if not stated.get("t", "").isdecimal():
        return "the body is not signed"
    expected = hmac.new(key.encode(), f"{stated['t']}.".encode() + body, sha256).hexdigest()
    if not hmac.compare_digest(expected, stated.get("v1", "")):
        return "the body is signed with another key"
    if abs(now - int(stated["t"])) > REPLAY_SECONDS:
        return "the body was signed long ago"
    return ""


class Receiver:
    """Listens on a free loopback port while in its `with` block; `answer` decides each HTTP status (default 200)."""

    def __init__(self, key: str, answer: Answer = lambda event: 200) -> None:
        self.received: list[Received] = []
        self._key = key
        self._answer = answer
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where callbacks are to be sent."""
        return f"http://127.0.0.1:{self._server.server_port}/callbacks"

    def accepted(self, **fields: Any) -> list[dict[str, Any]]:
        """Events answered with 200 whose fields have these values, in the order they came."""
        return [each.event for each in self.received if each.answered == 200 and _has(each.event, fields)]

    def wait_for(self, count: int, *, timeout_seconds: float, **fields: Any) -> Sequence[dict[str, Any]]:
        """The first `count` accepted events whose fields have these values; raises TimeoutError that says what came."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.accepted(**fields)) >= count, timeout_seconds):
                came = [(each.event.get("event_type"), each.event.get("file_format")) for each in self.received]
                raise TimeoutError(
                    f"{count} callbacks with {fields} were awaited for {timeout_seconds} s; came: {came}"
                )
            return self.accepted(**fields)[:count]

    def wait_until(self, happened: Callable[[list[Received]], bool], *, timeout_seconds: float) -> None:
        """Wait until `happened` is true of all that was received; raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: happened(self.received), timeout_seconds):
                raise TimeoutError(f"still awaited after {timeout_seconds} s; came: {self.received}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, body: bytes, signature: str) -> int:
        now, event = time.time(), json.loads(body)
        complaint = complaint_about(event, self._key, now) or complaint_about_bytes(body, signature, self._key, now)
        status = self._answer(event)
        with self._news:
            self.received.append(Received(event, now, complaint, status))
            self._news.notify_all()
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(take(body, self.headers.get("X-Tapedeck-Signature", "")))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server calls
                """Silent: what came is in `received`."""

        return Handler


def _has(event: dict[str, Any], fields: dict[str, Any]) -> bool:
    return all(event.get(name) == value for name, value in fields.items())
