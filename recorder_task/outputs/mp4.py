"""MP4: fragments while it grows, so that it opens wherever it breaks off; at its end one faststart movie without any.

The file is `ftyp`, room for a header, an empty `moov`, and fragments. In the end the `moov` of the whole comes behind
the `ftyp`, in part 1, which is uploaded once more; the room becomes the header of one `mdat` that hides all the rest.
"""

import struct
from collections.abc import Iterable, Sequence

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from recorder_task.outputs.mp4_boxes import box
from recorder_task.outputs.mp4_movie import EmptyMovie, empty_movie, filled_movie
from recorder_task.outputs.mp4_track import Mp4Track
from recorder_task.outputs.output import FileOrder, Written
from recorder_task.sample import Sample, Track
from recorder_task.uploads.head_rewritable_object import HeadRewritableObject

FRAGMENT_SECONDS = 1.0
"""Of media, whatever begins there: a fragment that waited for a key frame would put a GOP of 30 s at risk."""
LARGE_MDAT = struct.Struct(">I4sQ")
ROOM = box(b"free", bytes(LARGE_MDAT.size - 8))


class Mp4Output:
    """One MP4 file."""

    def __init__(self, order: FileOrder) -> None:
        self._object = HeadRewritableObject(
            order.bucket,
            order.lane,
            tally=order.tally,
            key=media_key(order.file_id, RecordFormat.MP4),
            content_type=content_type(order.tracks),
            part_bytes=order.part_bytes,
            is_new=order.is_new,
        )
        self._movie = movie = empty_movie(order.tracks)
        self._tracks = [
            Mp4Track(track, track_id, timescale, starts_at=order.starts_at)
            for track_id, (track, timescale) in enumerate(zip(order.tracks, movie.timescales, strict=True), 1)
        ]
        self._fragments = 0
        self._fragment_ends_at = order.starts_at + FRAGMENT_SECONDS
        self._tally = order.tally
        self._object.append([beginning(movie)])

    def write(self, samples: Sequence[Sample]) -> None:
        """Take samples; each is written with the fragment it belongs to."""
        rest = samples
        while rest:
            if rest[0].at >= self._fragment_ends_at:
                self._write_fragment()
                self._fragment_ends_at = rest[0].at + FRAGMENT_SECONDS
            within = self._within_fragment(rest)
            self._take(within)
            rest = rest[len(within) :]

    def _within_fragment(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Those that the next fragment holds, of which the first is one."""
        ends_at = self._fragment_ends_at
        if samples[-1].at < ends_at:
            return samples
        return samples[: next(position for position, sample in enumerate(samples) if sample.at >= ends_at)]

    def _take(self, samples: Sequence[Sample]) -> None:
        """Take samples for the next fragment; raises OverflowError for one that has no place in the file."""
        try:
            found = [(track, track.columns(samples)) for track in self._tracks]
        except OverflowError:
            if len(samples) == 1:
                raise
            for position in range(len(samples)):  # up to the one
                self._take(samples[position : position + 1])
            return
        for track, columns in found:
            track.take(columns)
        self._tally.add(samples)

    def _write_fragment(self) -> None:
        """All samples since the last one, each track's in a row, and in front what they are: one append."""
        filled = [track for track in self._tracks if track.has_news]
        if not filled:
            return
        runs = [track.fragment() for track in filled]
        self._fragments += 1
        header = box(b"mfhd", struct.pack(">II", 0, self._fragments))
        moof_bytes = 8 + len(header) + sum(8 + len(head) + len(begin) + 4 + len(rows) for head, begin, rows, _ in runs)
        offset = moof_bytes + 8
        trafs: list[bytes] = []
        payloads: list[bytes | memoryview] = []
        for track, (head, begin, rows, size) in zip(filled, runs, strict=True):
            trafs.append(box(b"traf", head, begin, struct.pack(">i", offset), rows))
            payloads += track.place(self._object.size_bytes + offset)
            offset += size
        mdat = struct.pack(">I4s", offset - moof_bytes, b"mdat")
        self._object.append([box(b"moof", header, *trafs), mdat, *payloads])

    def checkpoint(self) -> None:
        """Upload the part in progress, with all that has come."""
        self._write_fragment()
        self._object.checkpoint()

    def finish(self) -> Written:
        """Write the head again."""
        self._write_fragment()
        return finish(self._object, self._movie, self._tracks)

    def abort(self) -> None:
        """Nothing to free."""


def beginning(movie: EmptyMovie) -> bytes:
    """What the file begins with while it grows."""
    return movie.ftyp + ROOM + movie.moov


def finish(file: HeadRewritableObject, movie: EmptyMovie, tracks: Sequence[Mp4Track]) -> Written:
    """End a file that begins so and holds the samples of these tracks."""
    head = file.head()[len(movie.ftyp) + len(ROOM) :]
    mdat = LARGE_MDAT.pack(1, b"mdat", file.size_bytes - len(movie.ftyp))
    return Written(file.finish(b"".join((movie.ftyp, filled_movie(movie.moov, tracks), mdat, head))))


def content_type(tracks: Iterable[Track]) -> str:
    """The file's, by what it holds."""
    return "video/mp4" if any(track.kind == "video" for track in tracks) else "audio/mp4"
