"""What is told of a bucket that does not take what is written: one line when it begins, one when it is over."""

import threading
from collections.abc import Callable

from chalicelib.logs import log
from chalicelib.recording.orders import SessionOrders
from chalicelib.recording.report import Trouble
from recorder_task.telling.reporter import Reporter

OUTAGE_SECONDS = 5.0
"""Tries that fail for less are everyday life."""
TOLD_EVERY_SECONDS = 60.0
"""At most: a bucket may take one thing and refuse another."""


class BucketWatch:
    """Told of each try by the bucket's transport, from any thread; tells the log and, by event 341, the customer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._session_facts: dict[str, str] = {}
        self._reporter: Reporter | None = None
        self._began_at: float | None = None
        self._told_at = float("-inf")
        self._lock = threading.Lock()

    def speak_for(self, session: SessionOrders, reporter: Reporter) -> None:
        """Say whose recordings it is that suffer."""
        self._session_facts = {"session_id": session.session_id, "stream": str(session.stream)}
        self._reporter = reporter

    @property
    def is_out(self) -> bool:
        """Its last answer was none, or asked for another try, for a while already."""
        return self._began_at is not None

    def failed(self, code: str, seconds: float) -> None:
        """A try has failed, and others for `seconds`."""
        now = self._clock()
        with self._lock:
            if seconds < OUTAGE_SECONDS or self._began_at is not None:
                return
            self._began_at = now - seconds
            if now - self._told_at < TOLD_EVERY_SECONDS:
                return
            self._told_at = now
        log("bucket_unavailable", **self._session_facts, reason=code, seconds=round(seconds, 1))
        if self._reporter is not None:
            self._reporter.trouble(Trouble.WRITE_FAILED, description=f"the bucket takes nothing: {code}")

    def answered(self) -> None:
        """There was an answer."""
        if self._began_at is None:
            return
        with self._lock:
            began_at, self._began_at = self._began_at, None
        if began_at is not None:
            log("bucket_available", **self._session_facts, seconds=round(self._clock() - began_at, 1))
