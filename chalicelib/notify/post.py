"""One HTTP POST to a customer's server: to the address that was checked, no redirects, an end to every wait."""

import contextlib
import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from threading import Timer

from chalicelib.notify.safe_url import Destination, UnsafeUrl, destination

KEPT_BYTES = 1024
"""Of an answer's body: for the log, nothing else reads it."""
HEADERS = {"Content-Type": "application/json", "User-Agent": "Tapedeck", "Connection": "close"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a request: a status, or the error that stood in its way."""

    status: int = 0
    body: str = ""
    error: str = ""
    latency_ms: int = 0

    @property
    def is_success(self) -> bool:
        """HTTP 200, whatever the body (wire.md, section 6)."""
        return self.status == http.client.OK


def post(url: str, body: bytes, *, timeout_seconds: float) -> Answer:
    """Post JSON; `timeout_seconds` bounds the whole, connection and answer together. Never raises."""
    began = time.monotonic()
    status, text, error = 0, "", ""
    try:
        where = destination(url)
        status, text = _exchange(where, body, timeout_seconds)
    except UnsafeUrl as unsafe:
        error = str(unsafe)
    except (OSError, http.client.HTTPException) as failure:
        is_late = time.monotonic() - began >= timeout_seconds
        error = f"no answer in {timeout_seconds:g} s" if is_late else f"{type(failure).__name__}: {failure}"
    latency = round((time.monotonic() - began) * 1000)
    return Answer(status=status, body=text, error=error, latency_ms=latency)


def _exchange(where: Destination, body: bytes, timeout_seconds: float) -> tuple[int, str]:
    connection = _Connection(where, timeout_seconds)
    watchdog = Timer(timeout_seconds, connection.cut)  # a socket's own time-out starts anew with every byte
    watchdog.start()
    try:
        connection.request("POST", where.target, body, {**HEADERS, "Host": where.host_header})
        answer = connection.getresponse()
        if connection.is_cut:  # http.client takes a header that breaks off for the last one
            raise TimeoutError
        try:
            text = answer.read(KEPT_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException):  # the status has come, and it alone counts
            text = ""
        return answer.status, text
    finally:
        watchdog.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to the address of a destination; over TLS the certificate is held against its name."""

    def __init__(self, where: Destination, timeout_seconds: float) -> None:
        super().__init__(where.host, where.port, timeout=timeout_seconds)
        self._where = where
        self.is_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._where.address, self._where.port), self.timeout)
        if self.is_cut:  # before there was anything to cut
            raise TimeoutError
        if self._where.is_tls:
            context = ssl.create_default_context()
            name = self._where.host.removesuffix(".")
            tls = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            self.sock = tls
            tls.do_handshake()

    def cut(self) -> None:
        """End whatever the connection waits for; from another thread."""
        self.is_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):  # it has just ended by itself
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
