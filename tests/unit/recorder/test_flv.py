"""FLV as sources speak it: tags from bytes in any pieces, messages from tags."""

import random

import pytest

from recorder_task.pull.flv_messages import Message, audio_message, video_message
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG, FlvReader, NotFlv, Tag
from tests.media.flv_surgery import FlvTag, flv

WRITTEN = [
    FlvTag(VIDEO_TAG, 0, b"\x17\x01" + b"a" * 300),
    FlvTag(AUDIO_TAG, 0xFFFFFFFE, b"\xaf\x01bc"),
    FlvTag(9, 7, b""),
]
CONTENT = flv(WRITTEN).content


@pytest.mark.parametrize("size", [1, 5, 13, 100, 10_000])
def test_tags_are_found_whatever_the_pieces(size: int) -> None:
    reader = FlvReader()
    pieces = [CONTENT[at : at + size] for at in range(0, len(CONTENT), size)]
    assert [tag for piece in pieces for tag in reader.feed(piece)] == [Tag(*tag) for tag in WRITTEN]


def test_a_tag_that_breaks_off_is_none() -> None:
    assert [tag.milliseconds for tag in FlvReader().feed(CONTENT[:-1])] == [0, 0xFFFFFFFE]


@pytest.mark.parametrize("content", [b"#EXTM3U\n", b"\x00", b"FLx"], ids=["a playlist", "zero", "almost"])
def test_what_is_not_flv_is_refused_with_its_first_bytes(content: bytes) -> None:
    with pytest.raises(NotFlv):
        list(FlvReader().feed(content))


VIDEO_BODIES = {
    "a header of H.264": (b"\x17\x00\x00\x00\x00conf", Message("h264", True, b"conf")),
    "a key frame": (b"\x17\x01\x00\x00\x28data", Message("h264", False, b"data", 40, True)),
    "a frame shown before it is decoded": (b"\x27\x01\xff\xff\xd8data", Message("h264", False, b"data", -40)),
    "the end of a sequence": (b"\x17\x02\x00\x00\x00", None),
    "a header of H.265": (b"\x90hvc1conf", Message("hevc", True, b"conf")),
    "a frame of H.265 with its offset": (b"\xa1hvc1\x00\x00\x50data", Message("hevc", False, b"data", 80)),
    "a frame of H.265 without": (b"\xa3hvc1data", Message("hevc", False, b"data")),
    "a key frame of AV1": (b"\x91av01data", Message("av1", False, b"data", 0, True)),
    "metadata of colours": (b"\x94hvc1data", None),
    "several tracks in one": (b"\x96\x00hvc1data", None),
    "a frame behind a modifier": (b"\x97\x02\x01\x02\x03\x01av01data", Message("av1", False, b"data", 0, True)),
    "a modifier that breaks off": (b"\x97\xff\x01", None),
    "a command": (b"\x57\x00", None),
    "an older codec": (b"\x14data", Message("vp6f", False, b"data", 0, True)),
    "a codec without a name": (b"\x1ddata", Message("video codec 13", False, b"data", 0, True)),
    "an unknown FourCC": (b"\x91xyz1data", Message("xyz1", False, b"data", 0, True)),
    "nothing": (b"", None),
    "a header without its content": (b"\x90hvc1", None),
}
AUDIO_BODIES = {
    "a header of AAC": (b"\xaf\x00\x12\x10", Message("aac", True, b"\x12\x10")),
    "a frame of AAC": (b"\xaf\x01data", Message("aac", False, b"data")),
    "an empty frame of AAC": (b"\xaf\x01", None),
    "a frame of MP3": (b"\x2fdata", Message("mp3", False, b"data")),
    "a header of Opus": (b"\x90OpusOpusHead", Message("opus", True, b"OpusHead")),
    "a frame of Opus": (b"\x91Opusdata", Message("opus", False, b"data")),
    "the end of a sequence": (b"\x92Opus", None),
    "Speex": (b"\xb2data", Message("speex", False, b"data")),
    "nothing": (b"", None),
}


@pytest.mark.parametrize(("body", "expected"), VIDEO_BODIES.values(), ids=VIDEO_BODIES)
def test_what_a_video_tag_says(body: bytes, expected: Message | None) -> None:
    assert video_message(body) == expected


@pytest.mark.parametrize(("body", "expected"), AUDIO_BODIES.values(), ids=AUDIO_BODIES)
def test_what_an_audio_tag_says(body: bytes, expected: Message | None) -> None:
    assert audio_message(body) == expected


def test_no_body_whatever_raises() -> None:
    chance = random.Random(7)
    for _ in range(20_000):
        body = chance.randbytes(chance.randrange(12))
        for message in (video_message(body), audio_message(body)):
            assert message is None or message.payload
