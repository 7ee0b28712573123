"""The files of one format that are not committed yet: from the first byte to the ready object, or to recovery."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from recorder_task.aws.errors import Unreachable
from recorder_task.recordings.commit import commit
from recorder_task.recordings.desk import Desk
from recorder_task.recordings.file_under_way import FileRequest, FileUnderWay
from recorder_task.sample import Sample, Track
from recorder_task.session.entries import Entries
from recorder_task.session.journal import Replaced
from recorder_task.uploads.upload_lane import UploadLane

BROKEN_LANES = 3
"""A format whose uploads have failed this often in a row, not for an outage, is given up."""


class FilesInHand:
    """Their lane, and what becomes of them where it fails: nothing that lies in the bucket is given up."""

    def __init__(
        self,
        desk: Desk,
        order: RecordingOrder,
        name: RecordFormat,
        on_file: Callable[[str, FileFacts | None], None],
    ) -> None:
        self._desk = desk
        self._lane_name = f"{order.recording_id}-{name}"
        self._entries = Entries(desk.journal)
        self._files: set[FileUnderWay] = set()
        self._broken_lanes = 0
        self._dropped_seconds = 0.0
        self._lost_since: float | None = None
        self._request = FileRequest(
            desk=desk, order=order, name=name, lane=self._new_lane(), entries=self._entries, on_file=on_file
        )

    @property
    def lane(self) -> UploadLane:
        """The one that files go through now."""
        return self._request.lane

    @property
    def trouble(self) -> str:
        """Why uploads have failed; empty where they have not."""
        return f"upload failed: {self.lane.failure}" if self.lane.failure is not None else ""

    @property
    def _is_refused(self) -> bool:
        failure = self.lane.failure
        if isinstance(failure, Unreachable):
            return False
        return isinstance(failure, Replaced) or self._is_empty or self._broken_lanes >= BROKEN_LANES

    def begin(self, first: Sample, tracks: Sequence[Track]) -> FileUnderWay:
        """Begin a file; raises what the muxer raises."""
        file = self._request.begin(first, tracks)
        gap_seconds = self._dropped_seconds if self._lost_since is None else first.at - self._lost_since
        file.gap_seconds = file.tally.dropped_seconds = max(0.0, gap_seconds)
        self._dropped_seconds, self._lost_since = 0.0, None
        self._files.add(file)
        return file

    def lose(self, file: FileUnderWay | None, seconds: float) -> None:
        """Media was dropped: `file` lacks it, or, where there is none, the one that begins next."""
        if file is not None:
            file.tally.dropped_seconds += seconds
        else:
            self._dropped_seconds += seconds

    def end(self, file: FileUnderWay, on_ready: Callable[[FinishedFile], None]) -> None:
        """End a file and commit it behind its uploads; raises what the muxer raises."""
        facts_of = file.finish()

        def commit_it() -> None:
            facts = facts_of()
            commit(self._desk.bucket, facts)
            self._desk.journal.close(facts.file_id)
            self._files.discard(file)
            self._broken_lanes = 0
            on_ready(facts)

        self.lane.submit(commit_it)

    def hand_over(self, file: FileUnderWay, on_done: Callable[[], None]) -> None:
        """Behind its uploads a file is somebody else's, as its output has arranged."""

        def hand_over() -> None:
            self._files.discard(file)
            on_done()

        self.lane.submit(hand_over)

    @property
    def is_broken_off(self) -> bool:
        """Files were left to recovery, and none has begun since."""
        return self._lost_since is not None

    def begin_anew(self) -> bool:
        """The lane has failed: recovery takes what there is, and another lane the files to come.

        The next file is told from where on media never came into the bucket. False, and nothing done, where it would
        meet the same: this recorder was replaced, the bucket never took anything, or it is the last of some failures.
        """
        self._broken_lanes += not isinstance(self.lane.failure, Unreachable)
        if self._is_refused:
            return False
        saved_until = [file.saved_until for file in self._files]
        if saved_until:
            self._lost_since = min(saved_until)
        self._leave()
        self.lane.close()
        self._request = replace(self._request, lane=self._new_lane())
        return True

    def close(self) -> None:
        """No more files are begun; one that was not ended is recovery's once its uploads are done."""
        self.lane.submit(self._leave)
        self.lane.close()

    def join(self) -> None:
        """Wait for the uploads."""
        self.lane.join()
        self._leave()
        self._entries.close()

    @property
    def _is_empty(self) -> bool:
        """Not a byte lies in the bucket: it has answered, and has never taken any."""
        failure = self.lane.failure
        return failure is not None and not isinstance(failure, Unreachable) and not self._desk.bucket.was_let_in

    def _leave(self) -> None:
        if self.lane.is_abandoned or isinstance(self.lane.failure, Replaced):
            return
        for file in list(self._files):
            self._files.discard(file)
            if self._is_empty:
                self._strike_out(file)
            else:
                self._desk.journal.leave(file.file_id)

    def _strike_out(self, file: FileUnderWay) -> None:
        with suppress(Replaced):
            self._entries.settle()  # an entry that was still on its way would come behind
            self._desk.journal.close(file.file_id)

    def _new_lane(self) -> UploadLane:
        return UploadLane(self._lane_name, self._desk.memory, self._desk.journal.assure_lease)
