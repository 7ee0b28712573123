"""Pictures and sounds made by hand for the compiled writer of MPEG-TS: H.264 of any units, AAC of any size."""

from collections.abc import Sequence
from functools import cache

from recorder_task.outputs.segment_writer import SegmentWriter
from recorder_task.sample import Sample, Track
from tests.media.clips import ClipOrder, clip
from tests.media.mpegts import samples_of, writer


@cache
def tracks() -> Sequence[Track]:
    """H.264 and AAC, the pictures first."""
    found, _ = samples_of(clip(ClipOrder(seconds=1)))
    return sorted(found, key=lambda track: track.kind, reverse=True)


def compiled_writer(**options: float) -> SegmentWriter:
    """For these tracks."""
    return writer("compiled", tracks(), **options)


def content(size: int, seed: int) -> bytes:
    """So many bytes, none of which begins a start code."""
    return bytes((seed + number) % 251 + 4 for number in range(size))


def unit(size: int, seed: int) -> bytes:
    """Of a slice."""
    return b"\x41" + content(size - 1, seed)


def picture(units: Sequence[bytes], milliseconds: int, *, later_by: int = 0, is_key_frame: bool = False) -> Sample:
    """Of units behind lengths."""
    payload = b"".join(len(each).to_bytes(4, "big") + each for each in units)
    return Sample(tracks()[0], payload, milliseconds, milliseconds + later_by, 20, is_key_frame, 0.0)


def sound(size: int, milliseconds: int, *, seed: int = 0) -> Sample:
    """A frame, of another buffer's memory."""
    payload = memoryview(b"." + content(size, seed) + b".")[1:-1]
    return Sample(tracks()[1], payload, milliseconds, milliseconds, 23, False, 0.0)
