"""One HTTP POST to a customer's server: to the address that was checked, no redirects, an end to every wait."""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from types import MappingProxyType

from chalicelib.notify.answer import Answer
from chalicelib.notify.safe_url import Destination, UnsafeUrl, destination

KEPT_BYTES = 1024
"""Of an answer's body: for the log, nothing else reads it."""
HEADERS = {"Content-Type": "application/json", "User-Agent": "Tapedeck", "Connection": "close"}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def post(url: str, body: bytes, *, timeout_seconds: float, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    """Post JSON; `timeout_seconds` bounds the whole, from the name's resolution to the answer. Never raises."""
    began = time.monotonic()
    status, text, error, is_late = 0, "", "", False
    try:
        where = _resolved(url, timeout_seconds)
        status, text = _exchange(where, body, headers, began + timeout_seconds)
    except UnsafeUrl as unsafe:
        error = str(unsafe)
    except (OSError, http.client.HTTPException, ValueError) as failure:  # ValueError: of a name no codec takes
        is_late = isinstance(failure, TimeoutError) or time.monotonic() - began >= timeout_seconds
        error = f"no answer in {timeout_seconds:g} s" if is_late else f"{type(failure).__name__}: {failure}"
    latency = round((time.monotonic() - began) * 1000)
    return Answer(status=status, body=text, error=error, latency_ms=latency, is_late=is_late)


def _resolved(url: str, timeout_seconds: float) -> Destination:
    """The URL's destination, asked for in a thread: a resolver's wait has an end of its own, and none that we set."""
    found: SimpleQueue[Destination | Exception] = SimpleQueue()

    def resolve() -> None:
        try:
            found.put(destination(url))
        except Exception as error:  # told by whom it concerns
            found.put(error)

    Thread(target=resolve, name="resolver", daemon=True).start()
    try:
        where = found.get(timeout=timeout_seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(where, Exception):
        raise where
    return where


def _exchange(where: Destination, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[int, str]:
    """Status and beginning of the answer; `deadline` is one of the monotonic clock."""
    connection = _Connection(where, deadline)
    watchdog = Timer(_left(deadline), connection.cut)  # a socket's own time-out starts anew with every byte
    watchdog.start()
    try:
        connection.request("POST", where.target, body, {**HEADERS, **headers, "Host": where.host_header})
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


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())  # 0 would mean: do not wait, and None for ever


class _Connection(http.client.HTTPConnection):
    """A connection to an address of a destination; over TLS the certificate is held against its name."""

    def __init__(self, where: Destination, deadline: float) -> None:
        super().__init__(where.host, where.port, timeout=_left(deadline))
        self._where = where
        self._deadline = deadline
        self.is_cut = False

    def connect(self) -> None:
        self.sock = self._first_that_takes_us()
        self.sock.settimeout(_left(self._deadline))
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

    def _first_that_takes_us(self) -> socket.socket:
        """A connection to the first address that accepts one; each is waited for an equal share of what is left."""
        failure: OSError | None = None
        for others, address in zip(range(len(self._where.addresses), 0, -1), self._where.addresses, strict=True):
            try:
                return socket.create_connection((address, self._where.port), _left(self._deadline) / others)
            except OSError as error:
                failure = error
        raise failure or OSError("the name has no address")
