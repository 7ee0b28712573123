"""A file that is being written: its output, what was counted of it, its entry in the journal."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.logs import log
from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import new_file_id
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from recorder_task.outputs.continuation import Continuation
from recorder_task.outputs.formats import FORMATS
from recorder_task.outputs.output import FileOrder, Output
from recorder_task.recordings.commit import finished_file
from recorder_task.recordings.desk import Desk
from recorder_task.sample import Sample, Track
from recorder_task.session.entries import Entries
from recorder_task.tally import Tally
from recorder_task.uploads.upload_lane import UploadLane


@dataclass(frozen=True, kw_only=True)
class FileRequest:
    """Everything that files of one format of one recording have in common."""

    desk: Desk
    order: RecordingOrder
    name: RecordFormat
    lane: UploadLane
    entries: Entries
    on_file: Callable[[str, FileFacts | None], None]
    """HLS tells in the lane which file it writes."""

    def begin(self, first: Sample, tracks: Sequence[Track]) -> "FileUnderWay":
        """Begin a file with `first`, entered in the journal before a byte is uploaded; raises what the muxer raises."""
        desk = self.desk
        entry = desk.entry(self.order, self.name, new_file_id(secrets.randbits(64)), first)
        tally = Tally(first)

        def know_file(whose: OpenFile, earlier: FileFacts | None) -> None:
            file.file_id = whose.file_id
            self.on_file(whose.file_id, earlier)

        order = FileOrder(
            bucket=desk.bucket,
            lane=self.lane,
            entry=entry,
            continuation=Continuation(desk.journal, desk.session.stream, self.order.recording_id),
            on_file=know_file,
            tally=tally,
            tracks=tracks,
            starts_at=first.at,
            part_bytes=desk.settings.part_bytes,
            segment_seconds=desk.settings.hls_segment_seconds,
            utc_offset_hours=desk.settings.naming_utc_offset_hours,
        )
        file = FileUnderWay(self, entry.file_id, tally, order)
        if not FORMATS[self.name].goes_on:
            self.lane.submit(self.entries.open(entry))
        return file


class FileUnderWay:
    """One file."""

    def __init__(self, request: FileRequest, file_id: str, tally: Tally, order: FileOrder) -> None:
        self.file_id = file_id
        self.tally = tally
        self.output: Output = FORMATS[request.name].open(order)
        self._request = request
        self._entry = order.entry
        self.gap_seconds = 0.0
        """Of media that is missing before its beginning."""
        self._noted: dict[str, Any] = {"dropped_seconds": 0.0, "repairs": {}}

    def write(self, samples: Sequence[Sample]) -> None:
        """Write and count samples, up to the first one that the muxer refuses: raises what it raises."""
        self.output.write(samples)

    @property
    def saved_until(self) -> float:
        """From where on media (seconds, `at`) is missing if nothing more of this file comes into the bucket."""
        tally = self.tally
        return tally.first.at + tally.saved_seconds if tally.saved_seconds else tally.first.at - self.gap_seconds

    def checkpoint(self) -> None:
        """Bring what is held into the bucket, and what its bytes do not tell into the journal."""
        self.output.checkpoint()
        self._note_losses()

    def _note_losses(self) -> None:
        if not FORMATS[self._request.name].goes_on:  # else they lie beside the playlist
            tally = self.tally
            self._note({"dropped_seconds": round(tally.dropped_seconds, 3), "repairs": dict(tally.repairs)})

    def _note(self, facts: dict[str, Any]) -> None:
        news = {name: value for name, value in facts.items() if value != self._noted.get(name)}
        if news:
            self._noted |= news
            self._request.entries.note(self.file_id, news)

    def free(self) -> None:
        """Give it up; a muxer that is broken may not end well either."""
        try:
            self.output.abort()
        except Exception as error:
            session = self._request.desk.session
            facts = {"session_id": session.session_id, "stream": str(session.stream), "file_id": self.file_id}
            log("muxer_not_closed", **facts, reason=str(error))

    def finish(self) -> Callable[[], FinishedFile]:
        """End the file; returns what gives its facts once the lane has come there. Raises what the muxer raises."""
        request = self._request
        desk = request.desk
        if not FORMATS[request.name].goes_on:
            self._note_losses()
            request.lane.submit(self._confirm)
        written = self.output.finish()
        offset = desk.settings.naming_utc_offset_hours
        return written.whole_file or (lambda: finished_file(self._entry, written, self.tally, utc_offset_hours=offset))

    def _confirm(self) -> None:
        self._request.entries.settle()
        self._request.desk.journal.confirm(self.file_id)
