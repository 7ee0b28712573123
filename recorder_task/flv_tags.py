"""The tags of an FLV, the form in which RTMP and HTTP-FLV sources arrive. Pure.

Source: Adobe Flash Video File Format Specification 10.1, annex E. FFmpeg's own demuxer is not used for sources: PyAV
drops what it finds on a track that appears or changes its codec in mid-stream, and it guesses at timestamps.
"""

from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"FLV"
FILE_HEADER_BYTES = 9
TAG_HEADER_BYTES = 11
SIZE_BYTES = 4
"""Behind the file header and every tag: the size of what was before."""
AUDIO_TAG, VIDEO_TAG = 8, 9


class NotFlv(ValueError):
    """The source speaks something else."""


class Tag(NamedTuple):
    """One tag; `milliseconds` counts in 32 bits and wraps."""

    kind: int
    milliseconds: int
    body: bytes


class FlvReader:
    """Splits the bytes of an FLV, whatever their pieces, into tags."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[Tag]:
        """The tags that the next bytes complete; raises NotFlv. To be read to its end."""
        pending = self._pending
        pending += data
        if not self._has_begun and not self._skip_file_header():
            return
        at = 0
        while len(pending) - at >= TAG_HEADER_BYTES:
            body_at = at + TAG_HEADER_BYTES
            end = body_at + int.from_bytes(pending[at + 1 : at + 4], "big")
            if len(pending) < end + SIZE_BYTES:
                break
            milliseconds = int.from_bytes(pending[at + 4 : at + 7], "big") | pending[at + 7] << 24
            yield Tag(pending[at] & 0x1F, milliseconds, bytes(memoryview(pending)[body_at:end]))
            at = end + SIZE_BYTES
        del pending[:at]

    def _skip_file_header(self) -> bool:
        pending = self._pending
        if not pending.startswith(SIGNATURE[: len(pending)]):
            raise NotFlv("the source is not FLV")
        end = int.from_bytes(pending[5:FILE_HEADER_BYTES], "big") + SIZE_BYTES
        if len(pending) < max(end, FILE_HEADER_BYTES):
            return False
        del pending[:end]
        self._has_begun = True
        return True
