"""Clips taken apart and put together again, tag by tag: what encoders and networks do to a stream."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.media.clips import Clip

WRAP = 1 << 32
FILE_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
AUDIO, VIDEO, SCRIPT = 8, 9, 18


class FlvTag(NamedTuple):
    """One tag; milliseconds may be any number, and wrap when they are written."""

    kind: int
    milliseconds: int
    body: bytes

    @property
    def is_header(self) -> bool:
        """It holds a codec's header; read for H.264 and AAC alone."""
        return self.body[:2] in (b"\x17\x00", b"\xaf\x00")

    @property
    def is_key_frame(self) -> bool:
        """It holds a key frame of H.264."""
        return self.kind == VIDEO and self.body[:2] == b"\x17\x01"

    def at(self, milliseconds: int) -> "FlvTag":
        """The tag at another time."""
        return self._replace(milliseconds=milliseconds)


def tags_of(clip: Clip) -> list[FlvTag]:
    """The tags of a clip, its metadata left out."""
    content, at, tags = clip.content, len(FILE_HEADER), []
    while at < len(content):
        end = at + 11 + int.from_bytes(content[at + 1 : at + 4], "big")
        milliseconds = int.from_bytes(content[at + 4 : at + 7], "big") | content[at + 7] << 24
        tags.append(FlvTag(content[at], milliseconds, content[at + 11 : end]))
        at = end + 4
    return [tag for tag in tags if tag.kind != SCRIPT]


def flv(tags: Iterable[FlvTag]) -> Clip:
    """The FLV of these tags; as its packets count those of `tags` before anything was done to their times."""
    return Clip(b"".join([FILE_HEADER, *map(_written, tags)]), ())


def retimed(clip: Clip, move: Callable[[FlvTag], int]) -> Clip:
    """The clip with other times; it still knows its packets as they were."""
    return Clip(flv(tag.at(move(tag)) for tag in tags_of(clip)).content, clip.packets)


def joined(*clips: Clip, gap_ms: int = 40) -> Clip:
    """One stream of several clips, each `gap_ms` behind the one before it."""
    tags: list[FlvTag] = []
    for clip in clips:
        own = tags_of(clip)
        moved = (max(tag.milliseconds for tag in tags) + gap_ms if tags else 0) - min(tag.milliseconds for tag in own)
        tags += [tag.at(tag.milliseconds + moved) for tag in own]
    return Clip(flv(tags).content, tuple(packet for clip in clips for packet in clip.packets))


def _written(tag: FlvTag) -> bytes:
    milliseconds = (tag.milliseconds % WRAP).to_bytes(4, "big")
    head = bytes([tag.kind]) + len(tag.body).to_bytes(3, "big") + milliseconds[1:] + milliseconds[:1] + bytes(3)
    return head + tag.body + (len(head) + len(tag.body)).to_bytes(4, "big")


def with_codec_id_12(tag: FlvTag) -> FlvTag:
    """H.265 as encoders wrote it before enhanced RTMP: as H.264, under a codec id of its own."""
    if tag.kind != VIDEO or tag.body[1:5] != b"hvc1":
        return tag
    packet_kind, payload = tag.body[0] & 0x0F, tag.body[5:]
    if packet_kind != 1:  # without a composition time: the header, and frames that are shown as they come
        payload = bytes(3) + payload
    first = tag.body[0] & 0x70 | 12
    return tag._replace(body=bytes([first, 0 if packet_kind == 0 else 1]) + payload)
