"""A finished FLV knows its duration, its size and where its key frames are."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.studio import Studio, template_order

HEADER_BYTES = 13
TAG_HEADER_BYTES = 11
Source = Callable[[Clip], Path]


class Amf:
    """A reader of AMF 0, as far as onMetaData goes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def value(self) -> Any:
        (kind,) = self._take(1)
        match kind:
            case 0:
                return struct.unpack(">d", self._take(8))[0]
            case 1:
                return self._take(1) != b"\x00"
            case 2:
                return self._text()
            case 3:
                return self._pairs()
            case 8:
                count = int.from_bytes(self._take(4), "big")
                pairs = self._pairs()
                assert len(pairs) == count
                return pairs
            case 10:
                return [self.value() for _ in range(int.from_bytes(self._take(4), "big"))]
        raise AssertionError(f"AMF type {kind}")

    def _pairs(self) -> dict[str, Any]:
        pairs = {}
        while self.content[self.at : self.at + 3] != b"\x00\x00\x09":
            name = self._text()
            pairs[name] = self.value()
        self.at += 3
        return pairs

    def _text(self) -> str:
        return self._take(int.from_bytes(self._take(2), "big")).decode()

    def _take(self, count: int) -> bytes:
        taken = self.content[self.at : self.at + count]
        assert len(taken) == count
        self.at += count
        return taken


def metadata(content: bytes) -> dict[str, Any]:
    """The facts of the first tag."""
    size = int.from_bytes(content[HEADER_BYTES + 1 : HEADER_BYTES + 4], "big")
    amf = Amf(content[HEADER_BYTES + TAG_HEADER_BYTES :][:size])
    assert amf.value() == "onMetaData"
    facts: dict[str, Any] = amf.value()
    assert amf.at == size
    return facts


def tags(content: bytes) -> list[tuple[int, int, int, bytes]]:
    """(position, type, milliseconds, first two bytes) of every tag; the sizes between them must fit."""
    at, found = HEADER_BYTES, []
    while at < len(content):
        size = int.from_bytes(content[at + 1 : at + 4], "big")
        milliseconds = int.from_bytes(content[at + 4 : at + 7], "big") | content[at + 7] << 24
        found.append((at, content[at], milliseconds, content[at + 11 : at + 13]))
        at += TAG_HEADER_BYTES + size
        assert int.from_bytes(content[at : at + 4], "big") == TAG_HEADER_BYTES + size
        at += 4
    return found


@pytest.mark.parametrize("part_bytes", [64 * 1024, 8 * 1024 * 1024], ids=["in many parts", "in one part"])
def test_its_metadata_are_true(part_bytes: int, s3: FakeS3, source: Source) -> None:
    s3.min_part_bytes = 0
    made = clip(ClipOrder())
    studio = Studio(s3, {"part_bytes": part_bytes})
    studio.order(source(made), template_order("flv"))
    studio.run()
    content = studio.content(studio.file("flv"))
    facts = metadata(content)
    key_frames = [packet for packet in made.packets if packet.is_key_frame]
    found = {at: (milliseconds, first) for at, kind, milliseconds, first in tags(content) if kind == 9}
    assert facts["filesize"] == len(content) == studio.file("flv").size_bytes
    assert facts["duration"] == pytest.approx(studio.file("flv").duration_seconds, abs=0.001)
    assert facts["width"], facts["height"] == (192, 108)
    assert facts["keyframes"]["times"] == [packet.dts_ms / 1000 for packet in key_frames]
    assert [found[int(at)] for at in facts["keyframes"]["filepositions"]] == [
        (packet.dts_ms, b"\x17\x01") for packet in key_frames
    ]
    assert facts["lastkeyframetimestamp"] == key_frames[-1].dts_ms / 1000
    assert facts["hasKeyframes"] is True


def test_audio_alone_has_no_key_frames_to_name(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(video_codec=None))), template_order("flv"))
    studio.run()
    facts = metadata(studio.content(studio.file("flv")))
    assert facts["keyframes"] == {"times": [], "filepositions": []}
    assert facts["hasKeyframes"] is False


def test_frames_with_a_fourcc_are_indexed_too(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(video_codec="libx265", seconds=4))
    studio = Studio(s3)
    studio.order(source(made), template_order("flv"))
    studio.run()
    facts = metadata(studio.content(studio.file("flv")))
    assert facts["keyframes"]["times"] == [packet.dts_ms / 1000 for packet in made.packets if packet.is_key_frame]
