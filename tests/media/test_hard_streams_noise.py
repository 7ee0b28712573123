"""Streams that were damaged on their way: a recorder ends well whatever it reads."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import FlvTag, flv, tags_of
from tests.media.studio import Studio, template_order

FORMATS = ("flv", "mp4", "hls", "aac", "mp3")
MADE = ClipOrder(seconds=3, width=96, height=64)


def damaged(tags: list[FlvTag], chance: random.Random) -> Iterator[FlvTag]:
    """One tag in ten is lost, changed, cut off, stamped at random, or there twice."""
    for tag in tags:
        match chance.randrange(50):
            case 0:
                continue
            case 1:
                body = bytearray(tag.body)
                body[chance.randrange(len(body))] = chance.randrange(256)
                yield tag._replace(body=bytes(body))
            case 2:
                yield tag._replace(body=tag.body[: chance.randrange(len(tag.body))])
            case 3:
                yield tag.at(chance.randrange(1 << 32))
            case 4:
                yield from (tag, tag)
            case _:
                yield tag


@pytest.mark.parametrize("seed", range(8))
def test_damaged_tags(seed: int, s3: FakeS3, source: Callable[[Clip], Path]) -> None:
    studio = Studio(s3)
    studio.order(source(flv(damaged(tags_of(clip(MADE)), random.Random(seed)))), template_order(*FORMATS))
    assert studio.run().code == 0
    assert {file.format for file in studio.files} == set(FORMATS)
    for file in studio.files:
        assert file.size_bytes > 0
        assert file.duration_seconds < 60
    assert s3.uploads == {}


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes(seed: int, s3: FakeS3, source: Callable[[Clip], Path]) -> None:
    chance = random.Random(seed)
    content = bytearray(clip(MADE).content)
    for _ in range(3):
        content[chance.randrange(len(content) // 2, len(content))] ^= 0xFF
    studio = Studio(s3)
    studio.order(source(Clip(bytes(content), ())), template_order(*FORMATS))
    assert studio.run().code == 0
    assert {file.format for file in studio.files} == set(FORMATS)
    assert s3.uploads == {}
