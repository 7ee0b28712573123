"""What a recorder tells beside its files: event 332 where a recording's status changes, 341 for what went wrong.

    FormatVoice (its own file)      one format's start, pauses, errors and end: most of event 332
    reporter.status(…)              event 332 for who has no voice: recovery speaks of files it did not begin
    reporter.trouble(Trouble.…)     event 341: counted, told at most once in two minutes for each trouble and format
    reporter.push_trouble(…)        event 321: likewise, of the push itself

Nothing here raises or waits: reports are written by a thread of their own, and one that cannot be written is logged.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.logs import log
from chalicelib.recording.naming import push_report_key, report_key
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.push_report import PushReport, PushTrouble
from chalicelib.recording.report import USUAL, Level, Occurrences, Report, Status, StatusEvent, Trouble
from recorder_task.aws.exchange import Body
from recorder_task.telling.push_troubles import PushTroubles

TOLD_EVERY_SECONDS = 120.0
"""A trouble that goes on is told this often: the vendor's figure."""
WAITING_REPORTS = 1000
FAREWELL_SECONDS = 15.0
"""How long the end of a recorder waits for its last reports."""
SEVERITY = (Level.INFO, Level.WARNING, Level.ERROR)


class Writable(Protocol):
    """What the reporter knows of the bucket."""

    def put(self, key: str, body: Body, *, content_type: str, only_if_absent: bool = False) -> object: ...


@dataclass
class _Gathered:
    """One trouble of one format since it was told last; `told_at` in unix s."""

    occurs: int = 0
    level: Level = Level.INFO
    description: str = ""
    told_at: float = float("-inf")


class Reporter:
    """The reports of one recorder. `may_speak` is asked before each is written: who was replaced says nothing."""

    def __init__(
        self,
        bucket: Writable,
        session: SessionOrders,
        clock: Callable[[], float],
        may_speak: Callable[[], bool] = lambda: True,
    ) -> None:
        self._bucket = bucket
        self._session = session
        self._clock = clock
        self._may_speak = may_speak
        self._formats: set[RecordFormat] = set()
        self._gathered: dict[tuple[Trouble, RecordFormat], _Gathered] = {}
        self._of_push = PushTroubles()
        self._push_told_at = float("-inf")
        self._number = 0
        self._sequence = 0
        self._lock = threading.Lock()
        self._waiting: queue.Queue[Report | PushReport | None] = queue.Queue(WAITING_REPORTS)
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def expect(self, name: RecordFormat) -> None:
        """This format is recorded: troubles of the whole stream are told of it too."""
        with self._lock:
            self._formats.add(name)

    def status(
        self,
        event: StatusEvent,
        name: RecordFormat,
        *,
        recording_id: str,
        task_id: str,
        file_id: str = "",
        reason: str = "",
        session_id: str = "",
    ) -> None:
        """Tell event 332; `session_id` where it is of a recording that began in an earlier session."""
        with self._lock:
            self._tell(
                Status(event=event, reason=reason),
                name,
                recording_id=recording_id,
                task_id=task_id,
                file_id=file_id,
                session_id=session_id,
            )

    def trouble(
        self,
        trouble: Trouble,
        *,
        count: int = 1,
        level: Level | None = None,
        description: str = "",
        name: RecordFormat | None = None,
    ) -> None:
        """Count a trouble for event 341, of one format or, where none is named, of each that is recorded."""
        usual_level, usual_description = USUAL[trouble]
        with self._lock:
            for each in [name] if name else self._formats:
                gathered = self._gathered.setdefault((trouble, each), _Gathered())
                gathered.occurs += count
                gathered.level = max(gathered.level, level or usual_level, key=SEVERITY.index)
                gathered.description = description or usual_description

    def push_trouble(self, trouble: PushTrouble, description: str, *, count: int = 1) -> None:
        """Count a trouble of the push for event 321."""
        with self._lock:
            self._of_push.note(trouble, count, description, self._clock())

    def keep_time(self) -> None:
        """Tell the troubles whose time has come; the recorder's loop calls it."""
        if self._gathered or not self._of_push.is_empty:
            self._tell_troubles(not_after=self._clock() - TOLD_EVERY_SECONDS)

    def close(self) -> None:
        """Tell what is left and wait for it to be written, `FAREWELL_SECONDS` at most."""
        self._tell_troubles(not_after=float("inf"))
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(FAREWELL_SECONDS)

    def _tell_troubles(self, *, not_after: float) -> None:
        with self._lock:
            for (trouble, name), gathered in self._gathered.items():
                if gathered.occurs and gathered.told_at <= not_after:
                    told = Occurrences(
                        trouble=trouble,
                        level=gathered.level,
                        occurs=gathered.occurs,
                        description=gathered.description,
                    )
                    self._tell(told, name)
                    self._gathered[trouble, name] = _Gathered(told_at=self._clock())
            if not self._of_push.is_empty and self._push_told_at <= not_after:
                self._tell_of_push()

    def _tell(
        self,
        told: Status | Occurrences,
        name: RecordFormat,
        *,
        recording_id: str = "",
        task_id: str = "",
        file_id: str = "",
        session_id: str = "",
    ) -> None:
        session, now = self._session, self._clock()
        self._number += 1
        self._sequence = max(self._sequence + 1, round(now * 1000))
        report = Report(
            report_id=f"{session.session_id}-{session.epoch}-{self._number}",
            sequence=self._sequence,
            at=now,
            stream=session.stream,
            session_id=session_id or session.session_id,
            recording_id=recording_id,
            task_id=task_id,
            format=name,
            file_id=file_id,
            told=told,
        )
        self._queue(report)

    def _tell_of_push(self) -> None:
        session, now = self._session, self._clock()
        self._number += 1
        seconds, abnormalities = self._of_push.take(now)
        self._push_told_at = now
        self._queue(
            PushReport(
                report_id=f"{session.session_id}-{session.epoch}-{self._number}",
                stream=session.stream,
                session_id=session.session_id,
                at=now,
                interval_seconds=seconds,
                abnormalities=abnormalities,
            )
        )

    def _queue(self, report: Report | PushReport) -> None:
        try:
            self._waiting.put_nowait(report)
        except queue.Full:
            self._lose(report, "too many wait")

    def _run(self) -> None:
        while (report := self._waiting.get()) is not None:
            if not self._may_speak():
                self._lose(report, "another recorder may have taken over")
                continue
            key_of = report_key if isinstance(report, Report) else push_report_key
            try:
                self._bucket.put(
                    key_of(report.report_id),
                    report.to_json(),
                    content_type="application/json",
                    only_if_absent=True,
                )
            except Exception as error:  # the files matter more than the talk about them
                self._lose(report, str(error))

    def _lose(self, report: Report | PushReport, reason: str) -> None:
        log(
            "report_lost",
            session_id=report.session_id,
            stream=str(report.stream),
            file_id=report.file_id if isinstance(report, Report) else "",
            report_id=report.report_id,
            told=report.told if isinstance(report, Report) else report.abnormalities,
            reason=reason,
        )
