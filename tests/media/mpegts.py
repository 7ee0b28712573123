"""MPEG-TS by several hands: what FFmpeg's muxer writes of some samples, what each of our writers does; both read."""

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from typing import Literal, NamedTuple

import av
import pytest

from recorder_task.outputs import segment_writer
from recorder_task.outputs.output import Muxer
from recorder_task.outputs.segment_muxer import OPTIONS, MuxedSegments
from recorder_task.outputs.segment_writer import SegmentWriter, compiled_writer
from recorder_task.pull.flv_tags import FlvReader
from recorder_task.pull.track_finder import TrackFinder
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer
from tests.compiled_loops import need_compiled_loops
from tests.iso13818 import judge
from tests.media.clips import Clip
from tests.media.packets import PARAMETER_SETS_AND_DELIMITERS

Way = Literal["compiled", "ffmpeg"]
WAYS: Sequence[Way] = ("compiled", "ffmpeg")
FOREVER = 1e9


class Demuxed(NamedTuple):
    """A packet as FFmpeg's demuxer reads it; times in ticks of 90 kHz."""

    kind: str
    pts: int
    dts: int
    is_key_frame: bool
    content: tuple[bytes, ...]
    """Its units, the parameter sets in front, or the frame."""


def samples_of(made: Clip) -> tuple[list[Track], list[Sample]]:
    """The tracks and samples of a clip by their dts; a duration is the distance to the one before."""
    finder = TrackFinder()
    found = sorted(finder.samples(FlvReader().feed(made.content), 0.0, 0.0), key=lambda sample: sample.at)
    last: dict[Track, int] = {}
    for sample in found:
        sample.duration = sample.duration or sample.dts - last.get(sample.track, sample.dts)
        last[sample.track] = sample.dts
    return finder.tracks, found


def retimed(samples: Sequence[Sample], milliseconds: int) -> Sequence[Sample]:
    """The samples at other times."""
    for sample in samples:
        sample.place(sample.dts + milliseconds, sample.pts + milliseconds, sample.duration)
    return samples


def with_payload(sample: Sample, payload: bytes | memoryview) -> Sample:
    """The sample with another content."""
    track, arrived_at = sample.track, sample.arrived_at
    return Sample(track, payload, sample.dts, sample.pts, sample.duration, sample.is_key_frame, arrived_at)


def writer(
    way: Way, tracks: Sequence[Track], *, starts_at: float = 0.0, hole_seconds: float = FOREVER
) -> SegmentWriter:
    """One of ours."""
    if way == "ffmpeg":
        return MuxedSegments(tracks, starts_at=starts_at, hole_seconds=hole_seconds)
    need_compiled_loops()
    made = compiled_writer(tracks, starts_at=starts_at, hole_seconds=hole_seconds)
    assert made is not None, "these tracks are not for the compiled writer"
    return made


def use(way: Way, patch: pytest.MonkeyPatch) -> None:
    """From here on HLS is written this way."""
    if way == "ffmpeg":
        patch.setattr(segment_writer, "loops", None)
    else:
        need_compiled_loops()


def write_all(each: SegmentWriter, samples: Sequence[Sample]) -> None:
    """Write samples, whatever is among them, into the segment that is open."""
    written = 0
    while written < len(samples):
        each.write(samples, written, FOREVER)
        written += each.taken


def segment(each: SegmentWriter, samples: Sequence[Sample], *, at: float = 0.0) -> bytes:
    """One by this writer."""
    buffer = Buffer(1 << 16)
    each.begin(buffer, at)
    write_all(each, samples)
    each.end()
    return bytes(buffer.view())


def by_us(way: Way, tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """One segment as we write it."""
    return segment(writer(way, tracks, starts_at=starts_at), samples)


def by_ffmpeg(tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """One segment by FFmpeg's muxer alone."""
    file = BytesIO()
    muxer = Muxer(file, "mpegts", tracks, starts_at=starts_at, options=OPTIONS)
    for sample in samples:
        muxer.write(sample)
    muxer.close()
    return file.getvalue()


def demuxed(content: bytes, kind: str) -> list[Demuxed]:
    """The packets of one kind."""
    with av.open(BytesIO(content), "r", format="mpegts") as container:
        found: list[Demuxed] = []
        for packet in container.demux():
            if packet.size and packet.stream.type == kind:
                assert packet.pts is not None
                assert packet.time_base == Fraction(1, 90_000)
                dts = packet.pts if packet.dts is None else packet.dts
                payload = _in_order(bytes(packet), packet.stream.codec_context.name)
                found.append(Demuxed(kind, packet.pts, dts, packet.is_keyframe, payload))
        return found


def compared(way: Way, tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """Our segment, once it was found to be as FFmpeg's, and well formed."""
    theirs, ours = by_ffmpeg(tracks, samples, starts_at=starts_at), by_us(way, tracks, samples, starts_at=starts_at)
    assert_same(tracks, theirs, ours)
    return ours


def assert_same(tracks: Sequence[Track], theirs: bytes, ours: bytes) -> None:
    """Two segments hold the same packets, track by track; ours is well formed and no larger."""
    for track in tracks:
        assert demuxed(theirs, track.kind)
        assert demuxed(ours, track.kind) == demuxed(theirs, track.kind)
    assert judge(ours) == []
    assert len(ours) <= len(theirs) * 1.005


def units(payload: bytes) -> list[bytes]:
    """NAL units, however long their start codes are."""
    return [unit.rstrip(b"\x00") for unit in payload.split(b"\x00\x00\x01") if unit.strip(b"\x00")]


def _in_order(payload: bytes, codec: str) -> tuple[bytes, ...]:
    """FFmpeg puts parameter sets before the first slice, our writer before all: what is told here is the same."""
    is_beside = PARAMETER_SETS_AND_DELIMITERS.get(codec)
    if is_beside is None:
        return (payload,)
    return tuple(sorted(units(payload), key=lambda unit: not is_beside(unit)))
