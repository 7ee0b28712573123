"""The tags of an FLV, the form in which RTMP and HTTP-FLV sources arrive. Pure.

Source: Adobe Flash Video File Format Specification 10.1, annex E. FFmpeg's own demuxer is not used for sources: PyAV
drops what it finds on a track that appears or changes its codec in mid-stream, and it guesses at timestamps.
"""

import struct
from typing import NamedTuple

SIGNATURE = b"FLV"
FILE_HEADER_BYTES = 9
TAG_HEADER_BYTES = 11
TAG_HEADER = struct.Struct(">BIHB3x")
"""Kind; size of the body and the highest byte of three of the time; its other two; the byte above them."""
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


made = tuple.__new__
"""`made(Tag, (…))` is a tag in half the time that its class takes."""


class FlvReader:
    """Splits the bytes of an FLV, whatever their pieces, into tags."""

    def __init__(self) -> None:
        self._pending = b""
        self._has_begun = False

    def feed(self, data: bytes) -> list[Tag]:
        """The tags that the next bytes complete; raises NotFlv."""
        content = self._pending + data if self._pending else data
        at = 0 if self._has_begun else self._behind_file_header(content)
        tags: list[Tag] = []
        last_header_at = len(content) - TAG_HEADER_BYTES
        while self._has_begun and at <= last_header_at:
            kind, size, low, high = TAG_HEADER.unpack_from(content, at)
            body_at = at + TAG_HEADER_BYTES
            end = body_at + (size >> 8)
            if len(content) < end + SIZE_BYTES:
                break
            tags.append(made(Tag, (kind & 0x1F, (size & 0xFF) << 16 | low | high << 24, content[body_at:end])))
            at = end + SIZE_BYTES
        self._pending = content[at:]
        return tags

    def _behind_file_header(self, content: bytes) -> int:
        """Where the first tag begins; 0 while the header is not whole."""
        if not content.startswith(SIGNATURE[: len(content)]):
            raise NotFlv("the source is not FLV")
        end = int.from_bytes(content[5:FILE_HEADER_BYTES], "big") + SIZE_BYTES
        self._has_begun = len(content) >= max(end, FILE_HEADER_BYTES)
        return end if self._has_begun else 0
