"""Who writes the segments of HLS: compiled code where it can, else FFmpeg's muxer.

The compiled writer knows h264, hevc and aac as nearly every encoder sends them, and writes of them what FFmpeg would,
packet for packet, for a third of the CPU.
"""

from collections.abc import Sequence
from typing import Protocol

import av

from recorder_task.native import loops
from recorder_task.outputs.annex_b import FORMS, AnnexB
from recorder_task.outputs.segment_muxer import MuxedSegments
from recorder_task.outputs.ts_beginning import Beginning, beginning
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer

TICKS_PER_SECOND = 90_000
OWN_CODECS = frozenset({*FORMS, "aac"})


class SegmentWriter(Protocol):
    """One segment after another, each complete in itself; times run on from one to the next."""

    @property
    def taken(self) -> int:
        """Samples, by the newest call of `write`."""

    @property
    def ends_at(self) -> float:
        """Media seconds: where the segment's newest sample ends, or its beginning."""

    def begin(self, buffer: Buffer, at: float, /) -> None:
        """Begin a segment at `at` (media seconds)."""

    def write(self, samples: Sequence[Sample], first: int, until: float, /) -> None:
        """Take the sample at `first` and those behind it that belong to the segment whatever they are.

        No key frame, none at `until` (media seconds) or later, none behind a hole. Raises for the one behind the
        `taken` what the muxer raises.
        """

    def end(self) -> None:
        """Write what is held; the segment is complete. May come twice."""


def segment_writer(tracks: Sequence[Track], *, starts_at: float, hole_seconds: float) -> SegmentWriter:
    """For a file of these tracks that begins at `starts_at` (media seconds); no sample for longer is a hole."""
    return compiled_writer(tracks, starts_at=starts_at, hole_seconds=hole_seconds) or MuxedSegments(
        tracks, starts_at=starts_at, hole_seconds=hole_seconds
    )


def compiled_writer(tracks: Sequence[Track], *, starts_at: float, hole_seconds: float) -> SegmentWriter | None:
    """The compiled one, if it is here and the tracks are of the usual form."""
    kinds = [track.kind for track in tracks]
    if loops is None or len(set(kinds)) != len(kinds) or not all(map(_is_usual, tracks)):
        return None
    try:
        return _writer(tracks, beginning(tracks), starts_at, hole_seconds)
    except (av.FFmpegError, ValueError):  # what is wrong with them FFmpeg will say when it writes, if anything is
        return None


def _is_usual(track: Track) -> bool:
    if track.codec not in OWN_CODECS:
        return False
    form = FORMS.get(track.codec)
    return form is None or form.has_usual_lengths(track.template.codec_context.extradata or b"")


def _writer(tracks: Sequence[Track], file: Beginning, starts_at: float, hole_seconds: float) -> SegmentWriter:
    writer = loops.TsWriter(file.tables, file.tables_again, hole_seconds)
    for track, stream in zip(tracks, file.streams, strict=True):
        ticks, offset = track.time_base * TICKS_PER_SECOND, round(starts_at / track.time_base)
        times = (track, stream.pid, stream.has_clock, offset, ticks.numerator, ticks.denominator)
        if track.kind == "audio":
            writer.add_sound(*times, stream.front)
            continue
        form = FORMS[track.codec]
        pictures = AnnexB(form, stream.sets)
        writer.add_pictures(*times, pictures.rewritten, form.is_notable, form.front, form.later_start_bytes)
    return writer
