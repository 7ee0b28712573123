"""Signed requests to one AWS service: connections kept alive, time-outs, tries again with growing distance."""

import hashlib
import random
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from chalicelib.conflicts import PASSING_REASONS
from recorder_task.aws.credentials import Credentials, CredentialSource
from recorder_task.aws.errors import AwsError, Unreachable
from recorder_task.aws.exchange import Answer, Body, Connection
from recorder_task.aws.signing import UNSIGNED_PAYLOAD, Signer, encoded_query

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
        "TransactionInProgressException",  # what we send again has arrived before, and is at work
        *PASSING_REASONS,
    }
)

STALE_CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidToken", "UnrecognizedClientException"}
)
"""Credentials were rotated: others may do."""

REPEATED_SECONDS = 60.0
"""So long a signature is used again; the services take one of five minutes."""

ErrorReader = Callable[[bytes], tuple[str, str]]
"""(code, message) of an error's body."""


class Watcher(Protocol):
    """Who wants to know how the service answers; called by whatever thread makes a request."""

    def failed(self, code: str, seconds: float) -> None:
        """A try has failed, and others since `seconds`; there will be another, or there was the last."""

    def answered(self) -> None:
        """There was an answer that needs no other try."""


class _Repeated(NamedTuple):
    """A request that may be sent again as it is."""

    asked: tuple[Any, ...]
    """All that its signature depends on but the time."""
    signed_at: float
    head: bytes


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
        timeout_seconds: float,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`timeout_seconds` is for connecting, and for each piece sent or received.

        `tls` says whom an https endpoint's connections trust: one for all, each would read the certificates anew.
        """
        self._server = urlsplit(endpoint)
        self._tls = tls
        self._signer = Signer(host=self._server.netloc, service=service, region=region)
        self._credentials = credentials
        self._read_error = read_error
        self._retry_seconds = retry_seconds
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._sleep = sleep
        self._watcher: Watcher | None = None
        self._idle: deque[Connection] = deque()
        """The one used last is the last; to add one and to take one needs no lock."""
        self._last_repeated: _Repeated | None = None

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of every try from now on."""
        self._watcher = watcher

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
        was_let_in: bool = False,
        is_repeated: bool = False,
    ) -> Answer:
        """Send until an answer is final; raises AwsError for a refusal, Unreachable once `retry_seconds` are over.

        Of what `is_answered_early` a 200 may still hold an error. Who `was_let_in` before takes a 403 for an outage,
        and asks for credentials anew: policies change, tokens expire between two rotations. One that `is_repeated`, a
        reading that asks for the same each second, is sent with the same signature for a while.
        """
        began_at = self._clock()
        deadline = began_at + self._retry_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                credentials = self._credentials.current()
                signed = self._signed(
                    credentials, method, path, query or {}, headers or {}, body, sign_body, is_repeated=is_repeated
                )
                answer = self._once(signed, body, is_head=method == "HEAD")
            except OSError as error:
                failure = Unreachable(type(error).__name__, str(error))
            else:
                status, _, content = answer
                code, message = self._read_error(content) if status >= 300 or is_answered_early else ("", "")
                if status < 300 and not code:
                    if self._watcher is not None:
                        self._watcher.answered()
                    return answer
                is_locked_out = status == 403 or code in STALE_CREDENTIALS
                has_others = is_locked_out and self._credentials.reject(credentials)
                may_pass = (is_locked_out and was_let_in) or (code in STALE_CREDENTIALS and has_others)
                if status not in TRY_AGAIN_STATUS and code not in TRY_AGAIN_CODES and not may_pass:
                    if self._watcher is not None:
                        self._watcher.answered()
                    raise AwsError(code or f"Http{status}", message, status)
                failure = Unreachable(code or f"Http{status}", message, status)
            if self._watcher is not None:
                self._watcher.failed(failure.code, self._clock() - began_at)
            if self._clock() + pause > deadline:
                raise failure
            self._sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _signed(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Body,
        sign_body: bool,
        *,
        is_repeated: bool,
    ) -> bytes:
        """The head of a request, signed."""
        now = time.time()
        last = self._last_repeated
        asked = (credentials, method, path, query, headers, body)
        if is_repeated and last is not None and last.asked == asked and 0 <= now - last.signed_at < REPEATED_SECONDS:
            return last.head
        head = self._signer.head(
            method=method,
            path=path,
            query=encoded_query(query),
            headers=headers,
            payload_hash=hashlib.sha256(body).hexdigest() if sign_body else UNSIGNED_PAYLOAD,
            credentials=credentials,
            now=now,
        )
        signed = f"{head}content-length:{len(body)}\r\n\r\n".encode()
        if is_repeated:
            self._last_repeated = _Repeated(asked, now, signed)
        return signed

    def _once(self, signed: bytes, body: Body, *, is_head: bool) -> Answer:
        connection = self._idle_connection() or Connection(self._server, self._tls, self._timeout_seconds)
        try:
            answer = connection.exchange(signed, body, is_head=is_head)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                self.close()  # the way there may be dead, and the other connections with it
            raise
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _idle_connection(self) -> Connection | None:
        try:
            while (connection := self._idle.pop()).is_stale:
                connection.close()
        except IndexError:
            return None
        return connection

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
