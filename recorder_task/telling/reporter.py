"""What a recorder tells beside its files: event 332 where a recording's status changes, 341 for what went wrong.

    FormatVoice (its own file)      one format's start, pauses, errors and end: most of event 332
    reporter.status(…)              event 332 for who has no voice: recovery speaks of files it did not begin
    reporter.trouble(Trouble.…)     event 341: counted, told at most once in two minutes for each trouble and format
    reporter.push_trouble(…)        event 321: likewise, of the push itself

Nothing here raises or waits: a report stands among the untold at once, and a thread of its own puts it into the bucket.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.recording.naming import push_report_key, report_key
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.push_report import PushReport, PushTrouble
from chalicelib.recording.report import USUAL, Level, Occurrences, Report, Status, StatusEvent, Trouble
from chalicelib.recording.untold import UntoldReport
from recorder_task.telling.push_troubles import PushTroubles
from recorder_task.telling.report_writer import ReportWriter, Writable
from recorder_task.telling.untold_reports import UntoldReports

TOLD_EVERY_SECONDS = 120.0
"""A trouble that goes on is told this often: the vendor's figure."""
SEVERITY = (Level.INFO, Level.WARNING, Level.ERROR)


@dataclass
class _Gathered:
    """One trouble of one format since it was told last; `told_at` in unix s."""

    occurs: int = 0
    level: Level = Level.INFO
    description: str = ""
    told_at: float = float("-inf")


class Reporter:
    """The reports of one recorder.

    `may_speak` is asked before each is put into the bucket. `untold` has those that are not there yet, an earlier
    recorder's first; they are put there too.
    """

    def __init__(
        self,
        bucket: Writable,
        session: SessionOrders,
        clock: Callable[[], float],
        may_speak: Callable[[], bool] = lambda: True,
        untold: UntoldReports | None = None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._formats: set[RecordFormat] = set()
        self._gathered: dict[tuple[Trouble, RecordFormat], _Gathered] = {}
        self._of_push = PushTroubles()
        self._push_told_at = float("-inf")
        self._number = 0
        self._sequence = 0
        self._lock = threading.Lock()
        self._writer = ReportWriter(bucket, session, untold or UntoldReports(), may_speak)

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

    def settle(self) -> None:
        """Tell what is left, before the session is given back; what cannot be told in time stays among the untold."""
        self._tell_troubles(not_after=float("inf"))
        self._writer.settle()

    def close(self) -> None:
        """Tell what is left and wait for it to be written, for a bounded time."""
        self._tell_troubles(not_after=float("inf"))
        self._writer.close()

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
        self._writer.write(UntoldReport(report_key(report.report_id), report.to_json()))

    def _tell_of_push(self) -> None:
        session, now = self._session, self._clock()
        self._number += 1
        seconds, abnormalities = self._of_push.take(now)
        self._push_told_at = now
        report = PushReport(
            report_id=f"{session.session_id}-{session.epoch}-{self._number}",
            stream=session.stream,
            session_id=session.session_id,
            at=now,
            interval_seconds=seconds,
            abnormalities=abnormalities,
        )
        self._writer.write(UntoldReport(push_report_key(report.report_id), report.to_json()))
