"""The second reader of enhanced FLV is strict: it finds what is wrong with a file."""

import pytest

from tests import enhanced_flv
from tests.media.flv_surgery import AUDIO, VIDEO, FlvTag, flv

HEADER, FRAME = FlvTag(VIDEO, 0, b"\x90hvc1" + bytes(23)), FlvTag(VIDEO, 0, b"\x91hvc1\x00\x00\x50unit")
SOUND_HEADER, SOUND = FlvTag(AUDIO, 0, b"\x90OpusOpusHead"), FlvTag(AUDIO, 5, b"\x91Opussound")
WHOLE = [HEADER, FRAME, SOUND_HEADER, SOUND]


def test_what_a_file_holds() -> None:
    tracks = enhanced_flv.read(flv(WHOLE).content)
    assert tracks["video"].frames == [enhanced_flv.Frame(0, 80, True, b"unit")]
    assert tracks["audio"].frames == [enhanced_flv.Frame(5, 5, True, b"sound")]
    assert (tracks["video"].codec, tracks["audio"].header) == ("hvc1", b"OpusHead")


@pytest.mark.parametrize(
    "content",
    [
        flv(WHOLE).content[:-1] + b"\x00",
        b"FLV\x02" + flv(WHOLE).content[4:],
        flv([HEADER, FRAME]).content,
        flv([FRAME, *WHOLE]).content,
        flv([HEADER, FRAME._replace(body=b"\xa1" + FRAME.body[1:]), SOUND_HEADER, SOUND]).content,
        flv([*WHOLE, FRAME.at(40), FRAME.at(0)]).content,
        flv([*WHOLE, FRAME._replace(body=b"\x91avc1" + FRAME.body[5:])]).content,
        flv([*WHOLE, FRAME._replace(body=b"\x1cab")]).content,
    ],
    ids=[
        "a size that is another",
        "another version",
        "a track that was announced",
        "a frame before its header",
        "no key frame first",
        "timestamps that go back",
        "another codec",
        "a codec id that is none",
    ],
)
def test_what_is_wrong_with_a_file(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        enhanced_flv.read(content)
