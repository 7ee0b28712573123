"""Signed requests to one AWS service: connections kept alive, time-outs, tries again with growing distance."""

import hashlib
import http.client
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from recorder_task.aws.credentials import Credentials, CredentialSource
from recorder_task.aws.errors import AwsError, Unreachable
from recorder_task.aws.signing import UNSIGNED_PAYLOAD, encoded_query, signed_headers

TIMEOUT_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
TRY_AGAIN_STATUS = frozenset({429, 500, 502, 503, 504})
TRY_AGAIN_CODES = frozenset(
    {
        "InternalError",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ConditionalRequestConflict",  # two conditional writes of one object at once: nobody has won yet
    }
)

STALE_CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidToken", "UnrecognizedClientException"}
)
"""Credentials were rotated: others may do."""

PIECE_BYTES = 64 * 1024
"""Sent at once, each within the time-out: a slow line may take longer than that for a whole part."""
UNSENT_BYTES = 64 * 1024
"""What the kernel may hold of it unsent: it would take megabytes, and the time-out of the answer begin too early."""

Body = bytes | bytearray
ErrorReader = Callable[[bytes], tuple[str, str]]
"""(code, message) of an error's body."""


@dataclass(frozen=True)
class Answer:
    """A successful answer; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Transport:
    """One service at one endpoint. Safe between threads: each request has a connection of its own."""

    def __init__(
        self,
        *,
        service: str,
        endpoint: str,
        region: str,
        credentials: CredentialSource,
        read_error: ErrorReader,
        retry_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.netloc
        # One context for all connections: each would read the certificates anew.
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._service = service
        self._region = region
        self._credentials = credentials
        self._read_error = read_error
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._sleep = sleep
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        sign_body: bool = False,
        is_answered_early: bool = False,
    ) -> Answer:
        """Send until an answer is final; raises AwsError for a refusal, Unreachable once `retry_seconds` are over.

        Of what `is_answered_early` a 200 may still hold an error.
        """
        deadline = self._clock() + self._retry_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                credentials = self._credentials.current()
                status, answer_headers, content = self._once(
                    credentials, method, path, query or {}, headers or {}, body, sign_body
                )
            except (OSError, http.client.HTTPException) as error:
                failure = Unreachable(type(error).__name__, str(error))
            else:
                code, message = self._read_error(content) if status >= 300 or is_answered_early else ("", "")
                if status < 300 and not code:
                    return Answer(answer_headers, content)
                is_stale = code in STALE_CREDENTIALS and self._credentials.reject(credentials)
                if status not in TRY_AGAIN_STATUS and code not in TRY_AGAIN_CODES and not is_stale:
                    raise AwsError(code or f"Http{status}", message, status)
                failure = Unreachable(code or f"Http{status}", message, status)
            if self._clock() + pause > deadline:
                raise failure
            self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _once(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Body,
        sign_body: bool,
    ) -> tuple[int, dict[str, str], bytes]:
        spelled_query = encoded_query(query)
        signed = signed_headers(
            method=method,
            host=self._host,
            path=path,
            query=spelled_query,
            headers=headers,
            payload_hash=hashlib.sha256(body).hexdigest() if sign_body else UNSIGNED_PAYLOAD,
            service=self._service,
            region=self._region,
            credentials=credentials,
            now=time.time(),
        )
        connection = self._idle_connection() or self._new_connection()
        try:
            target = f"{path}?{spelled_query}" if spelled_query else path
            signed["content-length"] = str(len(body))
            connection.request(method, target, body=_pieces(body), headers=signed)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def _new_connection(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, timeout=TIMEOUT_SECONDS, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_SECONDS)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        return connection

    def _idle_connection(self) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            # An idle connection with something to read was closed by the other side.
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _pieces(body: Body) -> Iterator[memoryview]:
    view = memoryview(body)
    for at in range(0, len(view), PIECE_BYTES):
        yield view[at : at + PIECE_BYTES]
