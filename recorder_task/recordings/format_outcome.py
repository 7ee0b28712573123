"""What became of one format of one recording: what the session's item says of it, and the telling as it happens.

Each change is told first: a state that stands in the item is one whose report stands there too, or was told.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.report import Trouble
from recorder_task.telling.format_voice import FormatVoice
from recorder_task.uploads.backlog import TOO_SLOW, Dropped


class FormatOutcome:
    """`state` is waiting, recording, paused, ended, empty or failed; the last three are final."""

    def __init__(self, voice: FormatVoice) -> None:
        self._voice = voice
        self._facts: dict[str, Any] = {"state": "waiting", "files": 0}
        self._is_start_told = False

    def as_item(self) -> Mapping[str, Any]:
        """`state`, `files` so far; `file_id` of the newest one and `reason` of what is wrong, if any."""
        facts = dict(self._facts)
        if facts["state"] == "recording" and not self._is_start_told:  # by HLS once it knows which file it goes on with
            facts["state"] = "waiting"
        return facts

    @property
    def state(self) -> str:
        """How it is."""
        return str(self._facts["state"])

    @property
    def files(self) -> int:
        """Files committed so far."""
        return int(self._facts["files"])

    @property
    def is_troubled(self) -> bool:
        """Why nothing is recorded was told already."""
        return "reason" in self._facts

    @property
    def _file_id(self) -> str:
        return str(self._facts.get("file_id", ""))

    def begin(self) -> None:
        """A file has been begun."""
        self._facts["state"] = "recording"
        self._facts.pop("reason", None)

    def is_in(self, file_id: str, earlier: FileFacts | None = None) -> None:
        """It is known which file that is, with the facts of what others have written of it."""
        self._facts["file_id"] = file_id
        if earlier is None:
            self._voice.started(file_id)
        else:
            self._voice.resumed(file_id, session_id=earlier.session_id)
        self._is_start_told = True

    def commit(self, facts: FinishedFile) -> None:
        """A file is ready."""
        self._facts["files"] += 1
        self._voice.log("file_ready", file_id=facts.file_id, name=facts.name, seconds=round(facts.duration_seconds, 3))

    def lose(self, dropped: Dropped) -> None:
        """Media was dropped because the bucket is too slow."""
        self._voice.trouble(Trouble.WRITE_FAILED, description=TOO_SLOW)
        if dropped.is_first:
            self._voice.error(TOO_SLOW, file_id=self._file_id)

    def lack(self, kind: str) -> None:
        """What is to be recorded has not come: no `video` that a file may begin with, or no `audio`."""
        reason = "no key frame came" if kind == "video" else "no audio came"
        self._voice.trouble(Trouble.NO_VIDEO if kind == "video" else Trouble.NO_AUDIO, description=reason)
        self._voice.waits(reason)
        self._facts["reason"] = reason

    def wait_again(self, reason: str) -> None:
        """Uploads have failed, and another file is to begin."""
        self._voice.trouble(Trouble.WRITE_FAILED, description=reason)
        self._voice.error(reason, file_id=self._file_id)
        self._facts |= {"state": "waiting", "reason": reason}

    def pause(self) -> None:
        """Its file waits for the stream."""
        self._voice.paused(self._file_id)
        self._facts["state"] = "paused"

    def fail(self, reason: str, *, in_file: bool = False) -> None:
        """It is over for good; `in_file`: the file under way is what failed."""
        self._voice.failed(reason, file_id=self._file_id if in_file else "")
        self._facts |= {"state": "failed", "reason": reason}

    def be_replaced(self, reason: str) -> None:
        """Another recorder has taken over: nobody is told but the log."""
        self._facts |= {"state": "failed", "reason": reason}
        self._voice.log("recording_failed", reason=reason)

    def end_without_file(self, *, has_failed: bool) -> None:
        """Nothing was recorded."""
        self._facts["state"] = "failed" if has_failed else "empty"

    def say_ended(self) -> None:
        """The last file is complete."""
        self._voice.ended(self._file_id)

    def settle(self, failure: str) -> None:
        """All uploads are done, or the last of them failed for the reason `failure`."""
        if failure and self.state != "failed":
            self.fail(failure)
        elif self.state == "recording":
            self._facts["state"] = "ended"
