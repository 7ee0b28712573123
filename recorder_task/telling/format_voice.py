"""What is told of one format of one recording: a log line for each thing, and event 332 where its status changes.

silent ──started──▶ recording ◀──resumed── paused
  │                    │  └────paused──────▶ │
failed               ended, failed          (ended by who finishes the file)
  ▼                    ▼
 over                over
"""

import threading
from enum import Enum
from typing import Any

from chalicelib.logs import log
from chalicelib.recording.orders import RecordFormat, RecordingOrder, SessionOrders
from chalicelib.recording.report import Level, StatusEvent, Trouble
from recorder_task.telling.reporter import Reporter


class _State(Enum):
    SILENT = "nothing was recorded yet"
    RECORDING = "recording"
    PAUSED = "its file waits for the stream to return"
    OVER = "ended or failed"


class FormatVoice:
    """One format's voice; may be called from any thread, again and again: what was told is not told twice.

    `goes_on`: an earlier recorder of the session had begun this recording.
    """

    def __init__(
        self, reporter: Reporter, session: SessionOrders, order: RecordingOrder, name: RecordFormat, *, goes_on: bool
    ) -> None:
        reporter.expect(name)
        self._reporter = reporter
        self._session = session
        self._order = order
        self._name = name
        self._goes_on = goes_on
        self._state = _State.SILENT
        self._told_session_id = session.session_id
        self._lock = threading.Lock()

    def log(self, event: str, **facts: Any) -> None:
        """Write a log line with the ids of session, recording and format."""
        log(
            event,
            session_id=self._session.session_id,
            stream=str(self._session.stream),
            recording_id=self._order.recording_id,
            format=str(self._name),
            **facts,
        )

    def started(self, file_id: str) -> None:
        """A file was begun: the first one tells of the start, or of going on where an earlier recorder had begun.

        An HLS output that may continue a file says this or `resumed` when it knows which.
        """
        self.log("recording_started", file_id=file_id)
        if self._state is _State.SILENT:
            self._change(StatusEvent.RESUMED if self._goes_on else StatusEvent.START_SUCCEEDED, file_id=file_id)

    def resumed(self, file_id: str, *, session_id: str = "") -> None:
        """A file of an earlier recorder goes on; `session_id` is that of the session it began in, where another."""
        self._told_session_id = session_id or self._told_session_id
        self.log("recording_resumed", file_id=file_id)
        self._change(StatusEvent.RESUMED, file_id=file_id)

    def paused(self, file_id: str) -> None:
        """The stream is gone and the file waits for it: somebody else resumes or ends it."""
        self.log("recording_paused", file_id=file_id)
        self._change(StatusEvent.PAUSED, file_id=file_id)

    def error(self, reason: str, *, file_id: str = "") -> None:
        """Something was lost or broken, and the recording goes on."""
        self.log("recording_broken", reason=reason, **({"file_id": file_id} if file_id else {}))
        self._tell(StatusEvent.ERROR, file_id=file_id, reason=reason)

    def waits(self, reason: str) -> None:
        """Nothing came that could be recorded; what comes later is recorded, and told as ever."""
        self.log("recording_waits", reason=reason)
        if self._state is _State.SILENT:
            self._tell(StatusEvent.ERROR if self._goes_on else StatusEvent.START_FAILED, file_id="", reason=reason)

    def failed(self, reason: str, *, file_id: str = "") -> None:
        """It is over for good: the start failed, or what was begun ends with an error."""
        self.log("recording_failed", reason=reason, **({"file_id": file_id} if file_id else {}))
        if self._state is _State.SILENT and not self._goes_on:
            self._change(StatusEvent.START_FAILED, file_id=file_id, reason=reason)
        elif self._state in (_State.SILENT, _State.RECORDING):
            self.trouble(Trouble.WRITE_FAILED, description=reason)
            self._tell(StatusEvent.ERROR, file_id=file_id, reason=reason)
            self._change(StatusEvent.ENDED, file_id=file_id)

    def ended(self, file_id: str = "") -> None:
        """The last file is complete, `file_id`; nothing is told of what never began, waits, or is over."""
        if self._state is _State.RECORDING or (self._state is _State.SILENT and self._goes_on):
            self._change(StatusEvent.ENDED, file_id=file_id)

    def trouble(self, trouble: Trouble, *, count: int = 1, level: Level | None = None, description: str = "") -> None:
        """Count a trouble of this format alone (event 341)."""
        self._reporter.trouble(trouble, count=count, level=level, description=description, name=self._name)

    def _change(self, event: StatusEvent, *, file_id: str, reason: str = "") -> None:
        with self._lock:
            before, self._state = self._state, STATES[event]
        if self._state is not before:
            self._tell(event, file_id=file_id, reason=reason)

    def _tell(self, event: StatusEvent, *, file_id: str, reason: str = "") -> None:
        self._reporter.status(
            event,
            self._name,
            recording_id=self._order.recording_id,
            task_id=self._order.task_id,
            file_id=file_id,
            reason=reason,
            session_id=self._told_session_id,
        )


STATES = {
    StatusEvent.START_SUCCEEDED: _State.RECORDING,
    StatusEvent.RESUMED: _State.RECORDING,
    StatusEvent.PAUSED: _State.PAUSED,
    StatusEvent.START_FAILED: _State.OVER,
    StatusEvent.ENDED: _State.OVER,
}
