"""Puts reports into the bucket, one after the other, in a thread of its own: nobody waits for it, and it never raises.

What the bucket does not take stands in the session's item and is tried again; what has no room there either is lost.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from chalicelib.logs import log
from chalicelib.recording.orders import SessionOrders
from chalicelib.recording.untold import UntoldReport
from recorder_task.aws.exchange import Body
from recorder_task.telling.untold_reports import UntoldReports

WAITING_REPORTS = 1000
RETRY_SECONDS = 60.0
SETTLE_SECONDS = 5.0
"""How long the end of a session waits for reports under way: what is not told by then is the table's to tell."""
FAREWELL_SECONDS = 15.0
"""How long the end of a recorder waits for its last reports."""


class Writable(Protocol):
    """What is known of the bucket here."""

    def put(self, key: str, body: Body, *, content_type: str, only_if_absent: bool = False) -> object: ...


class ReportWriter:
    """`may_speak` is asked before each report is written: who was replaced says nothing."""

    def __init__(
        self, bucket: Writable, session: SessionOrders, untold: UntoldReports, may_speak: Callable[[], bool]
    ) -> None:
        self._bucket = bucket
        self._session = session
        self._untold = untold
        self._may_speak = may_speak
        self._delayed = deque[UntoldReport]()
        self._waiting: queue.Queue[UntoldReport | threading.Event | None] = queue.Queue(WAITING_REPORTS)
        for report in untold.reports:  # left by an earlier recorder
            self._queue(report)
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def write(self, report: UntoldReport) -> None:
        """Have a report told: it stands among the untold at once."""
        self._untold.add(report)
        self._queue(report)

    def settle(self) -> None:
        """Wait until each report was tried once, `SETTLE_SECONDS` at most."""
        is_tried = threading.Event()
        try:
            self._waiting.put_nowait(is_tried)
        except queue.Full:
            return
        is_tried.wait(SETTLE_SECONDS)

    def close(self) -> None:
        """Wait for what is left, `FAREWELL_SECONDS` at most."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(FAREWELL_SECONDS)

    def _queue(self, report: UntoldReport) -> None:
        try:
            self._waiting.put_nowait(report)
        except queue.Full:
            self._delay(report, "too many wait")

    def _run(self) -> None:
        while True:
            try:
                report = self._waiting.get(timeout=RETRY_SECONDS if self._delayed else None)
            except queue.Empty:
                self._try_again()
                continue
            if report is None:
                return
            if isinstance(report, threading.Event):
                report.set()
            elif self._is_written(report, self._delay):
                self._try_again()

    def _try_again(self) -> None:
        while self._delayed and self._is_written(self._delayed[0], lambda report, reason: None):
            self._delayed.popleft()

    def _is_written(self, report: UntoldReport, otherwise: Callable[[UntoldReport, str], None]) -> bool:
        if not self._may_speak():
            otherwise(report, "another recorder may have taken over")
            return False
        try:
            self._bucket.put(report.key, report.content, content_type="application/json", only_if_absent=True)
        except Exception as error:  # the files matter more than the talk about them
            otherwise(report, str(error))
            return False
        self._untold.told(report)
        return True

    def _delay(self, report: UntoldReport, reason: str) -> None:
        is_kept = self._untold.keeps(report)
        if is_kept:
            self._delayed.append(report)
        log(
            "report_delayed" if is_kept else "report_lost",
            session_id=self._session.session_id,
            stream=str(self._session.stream),
            key=report.key,
            told=report.content.decode(),
            reason=reason,
        )
