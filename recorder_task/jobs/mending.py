"""How the file that a dead recorder left becomes the one it would have ended with, format by format.

An FLV is copied by its bytes and gets its final head; an MP4 is written once more through its own output, which makes
it one movie without fragments; a file of sound alone is as it has to be, and only counted. What is written again is
written under the file's own key: the object there stays what it was until the new one is complete.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.recording.naming import media_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.settings import Settings
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.stored_file import StoredFile
from recorder_task.jobs.stored_flv import stored_flv
from recorder_task.jobs.stored_mp4 import stored_mp4
from recorder_task.outputs.continuation import Continuation
from recorder_task.outputs.flv_head import CONTENT_TYPE
from recorder_task.outputs.formats import FORMATS
from recorder_task.outputs.output import FileOrder, Output, Written
from recorder_task.sample import Track
from recorder_task.session.journal import Journal
from recorder_task.tally import Tally
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject
from recorder_task.uploads.upload_lane import UploadLane, UploadMemory

RUNS_OF_A_PART = 16
"""A part ends with a run of tags: it is longer than it has to be by one at most."""


class Mended(NamedTuple):
    """What a file is now, and what was counted of it."""

    tally: Tally
    written: Written


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What a file is mended with; `go_on` raises where the process is told to end."""

    settings: Settings
    bucket: ReadableBucket
    journal: Journal
    go_on: Callable[[], None]

    @contextmanager
    def lane(self, file: OpenFile) -> Iterator[tuple[UploadLane, Callable[[], None]]]:
        """The file's lane, and what is called between two runs; at its end every request was carried out, or it raises.

        Between two runs it waits until there is room, and raises where there is no use in going on.
        """
        # Of its own, beside what the recording may hold: a part on its way while the next one is made.
        memory = UploadMemory(2 * self.settings.part_bytes)
        lane = UploadLane(f"recovery-{file.file_id}", memory, self.journal.assure_lease)

        def between_runs() -> None:
            self.go_on()
            memory.wait_for_room()
            if lane.failure is not None:
                raise lane.failure

        try:
            yield lane, between_runs
        except BaseException:
            lane.abandon()
            raise
        finally:
            lane.close()
            lane.join()
        if lane.failure is not None:
            raise lane.failure

    def confirm(self, lane: UploadLane, file: OpenFile) -> None:
        """Behind all that is in the lane, before the object is completed: or another recovery has come meanwhile."""
        lane.submit(lambda: self.journal.confirm(file.file_id))


def counted(shop: Workshop, file: OpenFile) -> Mended | None:
    """A file that is as it has to be."""
    tally: Tally | None = None
    with StoredFile(shop.bucket, media_key(file.file_id, file.format), began_at=file.began_at) as stored:
        for run in stored.runs():
            if run:
                tally = tally or Tally(run[0])
                tally.add(run)
            shop.go_on()
        return Mended(tally, Written(stored.size_bytes)) if tally is not None else None


def with_final_head(shop: Workshop, file: OpenFile) -> Mended | None:
    """An FLV, the frames as they are."""
    key, part_bytes = media_key(file.file_id, file.format), shop.settings.part_bytes
    stored = stored_flv(shop.bucket, key, began_at=file.began_at)
    if stored is None:
        return None
    tally = stored.count.tally
    with shop.lane(file) as (lane, between_runs):
        grown = HeadRewritableObject(
            shop.bucket, lane, tally=tally, key=key, content_type=CONTENT_TYPE, part_bytes=part_bytes, is_new=False
        )
        grown.append([stored.head.beginning])
        for run in stored.runs(part_bytes // RUNS_OF_A_PART):
            grown.append([run])
            between_runs()
        shop.confirm(lane, file)
        written = stored.head.finish(grown, tally, stored.count.key_frames)
    return Mended(tally, written)


def written_again(shop: Workshop, file: OpenFile) -> Mended | None:
    """Sample by sample, through the output of the format."""
    output: Output | None = None
    tally: Tally | None = None
    with (
        stored_mp4(shop.bucket, media_key(file.file_id, file.format), began_at=file.began_at) as stored,
        shop.lane(file) as (lane, between_runs),
    ):
        try:
            for run in filter(None, stored.runs()):
                if output is None or tally is None:
                    tally = Tally(run[0])
                    output = FORMATS[file.format].open(_order(shop, file, lane, stored.tracks, tally))
                output.write(run)
                between_runs()
            if output is None or tally is None:
                return None
            shop.confirm(lane, file)
            written = output.finish()
        except BaseException:
            if output is not None:
                output.abort()
            raise
    return Mended(tally, written)


def _order(shop: Workshop, file: OpenFile, lane: UploadLane, tracks: Sequence[Track], tally: Tally) -> FileOrder:
    settings = shop.settings
    return FileOrder(
        bucket=shop.bucket,
        lane=lane,
        entry=file,
        continuation=Continuation(shop.journal, file.stream, file.recording_id),
        on_file=lambda *_: None,
        tally=tally,
        utc_offset_hours=settings.naming_utc_offset_hours,
        tracks=tracks,
        starts_at=tally.first.at,
        part_bytes=settings.part_bytes,
        segment_seconds=settings.hls_segment_seconds,
        is_new=False,
    )


MENDING: Mapping[RecordFormat, Callable[[Workshop, OpenFile], Mended | None]] = {
    RecordFormat.FLV: with_final_head,
    RecordFormat.MP4: written_again,
    RecordFormat.AAC: counted,
    RecordFormat.MP3: counted,
}
"""None for a file that holds no media. HLS is not here: it goes on in its own output, or is ended as text."""
