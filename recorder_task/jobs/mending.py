"""How the file that a dead recorder left becomes the one it would have ended with, format by format.

An FLV and an MP4 are copied by their bytes and get their final head; a file of sound alone is as it has to be, and only
counted. What is written again is written under the file's own key: the object there stays what it was until the new
one is complete.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.recording.naming import media_key
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.settings import Settings
from recorder_task.aws.s3_reading import ReadableBucket
from recorder_task.jobs.stored_file import tally_of
from recorder_task.jobs.stored_flv import stored_flv
from recorder_task.jobs.stored_mp4 import StoredMp4
from recorder_task.outputs.flv_head import CONTENT_TYPE
from recorder_task.outputs.mp4 import finish
from recorder_task.outputs.mp4_fragments import OtherForm
from recorder_task.outputs.output import Written
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

    def object(self, lane: UploadLane, file: OpenFile, tally: Tally, content_type: str) -> HeadRewritableObject:
        """What becomes the file anew, under its own key."""
        return HeadRewritableObject(
            self.bucket,
            lane,
            tally=tally,
            key=media_key(file.file_id, file.format),
            content_type=content_type,
            part_bytes=self.settings.part_bytes,
            is_new=False,
        )

    def confirm(self, lane: UploadLane, file: OpenFile) -> None:
        """Behind all that is in the lane, before the object is completed: or another recovery has come meanwhile."""
        lane.submit(lambda: self.journal.confirm(file.file_id))


def counted(shop: Workshop, file: OpenFile) -> Mended | None:
    """A file that is as it has to be."""
    key = media_key(file.file_id, file.format)
    tally = tally_of(shop.bucket, key, began_at=file.began_at, go_on=shop.go_on)
    return Mended(tally, Written(shop.bucket.size(key) or 0)) if tally is not None else None


def with_final_head(shop: Workshop, file: OpenFile) -> Mended | None:
    """An FLV, the frames as they are."""
    stored = stored_flv(shop.bucket, media_key(file.file_id, file.format), began_at=file.began_at)
    if stored is None:
        return None
    tally = stored.count.tally
    with shop.lane(file) as (lane, between_runs):
        grown = shop.object(lane, file, tally, CONTENT_TYPE)
        grown.append([stored.head.beginning])
        for run in stored.runs(shop.settings.part_bytes // RUNS_OF_A_PART):
            grown.append([run])
            between_runs()
        shop.confirm(lane, file)
        return Mended(tally, stored.head.finish(grown, tally, stored.count.key_frames))


def with_final_movie(shop: Workshop, file: OpenFile) -> Mended | None:
    """An MP4, the fragments as they are; one that is in another form than while it grows is only counted: it plays."""
    try:
        return _with_final_movie(shop, file)
    except OtherForm:
        return counted(shop, file)


def _with_final_movie(shop: Workshop, file: OpenFile) -> Mended | None:
    stored = StoredMp4(shop.bucket, media_key(file.file_id, file.format), began_at=file.began_at)
    tracks = list(stored.tracks.values())
    with shop.lane(file) as (lane, between_runs):
        grown = shop.object(lane, file, stored.tally, stored.content_type)
        grown.append([stored.beginning])
        for run in stored.runs():
            grown.append([run])
            between_runs()
        if stored.tally.is_empty:
            return None
        shop.confirm(lane, file)
        return Mended(stored.tally, finish(grown, stored.movie, tracks))


MENDING: Mapping[RecordFormat, Callable[[Workshop, OpenFile], Mended | None]] = {
    RecordFormat.FLV: with_final_head,
    RecordFormat.MP4: with_final_movie,
    RecordFormat.AAC: counted,
    RecordFormat.MP3: counted,
}
"""None for a file that holds no media. HLS is not here: it goes on in its own output, or is ended as text."""
