"""A segment with gathered sound holds what FFmpeg's muxer would have written, packet for packet, and is well formed."""

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from subprocess import run
from typing import NamedTuple

import av
import pytest

from recorder_task.outputs.output import Muxer
from recorder_task.outputs.segment_muxer import OPTIONS, SegmentMuxer
from recorder_task.pull.flv_tags import FlvReader
from recorder_task.pull.track_finder import TrackFinder
from recorder_task.sample import Sample, Track
from recorder_task.uploads.buffers import Buffer
from tests.iso13818 import judge, pes_packets
from tests.media.clips import Clip, ClipOrder, clip

WRAP_MS = (1 << 33) // 90
CLIPS = {
    "picture and sound": ClipOrder(seconds=5),
    "sound of few bits": ClipOrder(seconds=5, audio_bit_rate=24_000),
    "sound alone": ClipOrder(seconds=5, video_codec=None),
    "picture alone": ClipOrder(seconds=3, audio_codec=None),
    "h265": ClipOrder(seconds=3, video_codec="libx265", width=128, height=128),
    "mp3": ClipOrder(seconds=3, audio_codec="libmp3lame"),
}


class Demuxed(NamedTuple):
    """A packet as FFmpeg's demuxer reads it; times in ticks of 90 kHz."""

    kind: str
    pts: int
    dts: int
    is_key_frame: bool
    content: bytes


def samples_of(made: Clip) -> tuple[list[Track], list[Sample]]:
    """The tracks and samples of a clip by their dts; a duration is the distance to the one before."""
    finder = TrackFinder()
    found = sorted(finder.samples(FlvReader().feed(made.content), 0.0, 0.0), key=lambda sample: sample.at)
    last: dict[Track, int] = {}
    for sample in found:
        sample.duration = sample.duration or sample.dts - last.get(sample.track, sample.dts)
        last[sample.track] = sample.dts
    return finder.tracks, found


def by_ffmpeg(tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """One segment by FFmpeg's muxer alone."""
    file = BytesIO()
    muxer = Muxer(file, "mpegts", tracks, starts_at=starts_at, options=OPTIONS)
    for sample in samples:
        muxer.write(sample)
    muxer.close()
    return file.getvalue()


def by_us(tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """One segment as we write it."""
    buffer = Buffer(1 << 16)
    muxer = SegmentMuxer(buffer, tracks, starts_at=starts_at)
    for sample in samples:
        muxer.write(sample)
    muxer.close()
    return bytes(buffer.view())


def demuxed(content: bytes, kind: str) -> list[Demuxed]:
    """The packets of one kind."""
    with av.open(BytesIO(content), "r", format="mpegts") as container:
        found: list[Demuxed] = []
        for packet in container.demux():
            if packet.size and packet.stream.type == kind:
                assert packet.pts is not None
                assert packet.time_base == Fraction(1, 90_000)
                dts = packet.pts if packet.dts is None else packet.dts
                found.append(Demuxed(kind, packet.pts, dts, packet.is_keyframe, bytes(packet)))
        return found


def compared(tracks: Sequence[Track], samples: Sequence[Sample], *, starts_at: float = 0.0) -> bytes:
    """Our segment, once it was found to be as FFmpeg's, and well formed."""
    theirs, ours = by_ffmpeg(tracks, samples, starts_at=starts_at), by_us(tracks, samples, starts_at=starts_at)
    for track in tracks:
        assert demuxed(theirs, track.kind)
        assert demuxed(ours, track.kind) == demuxed(theirs, track.kind)
    assert judge(ours) == []
    assert len(ours) <= len(theirs) * 1.005
    return ours


@pytest.mark.parametrize("order", CLIPS.values(), ids=list(CLIPS))
def test_packets_are_those_that_ffmpeg_writes(order: ClipOrder) -> None:
    compared(*samples_of(clip(order)))


@pytest.mark.parametrize("starts_at_ms", [0, 40, 3_600_000, WRAP_MS - 2000])
def test_the_file_begins_where_it_is_told(starts_at_ms: int) -> None:
    tracks, samples = samples_of(clip(ClipOrder(seconds=5)))
    for sample in samples:
        sample.place(sample.dts + starts_at_ms, sample.pts + starts_at_ms, sample.duration)
    compared(tracks, samples, starts_at=starts_at_ms / 1000)
    # Up to 33 bits of ticks, and beyond them.
    compared(tracks, samples)


def test_sound_is_gathered_no_longer_than_players_wait() -> None:
    tracks, samples = samples_of(clip(ClipOrder(seconds=5)))
    ours = compared(tracks, [sample for sample in samples if sample.track.kind == "video" or sample.dts % 1000 < 500])
    sounds = [pes for pes in pes_packets(ours) if pes.pid == 0x101]
    assert len(sounds) > 5
    assert max(len(pes.content) for pes in sounds) <= 2930


@pytest.mark.second_reader
def test_a_second_reader_has_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "segment.ts"
    path.write_bytes(by_us(*samples_of(clip(ClipOrder(seconds=5)))))
    command = ["ffmpeg", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    assert run(command, capture_output=True, text=True, check=False).stderr == ""
