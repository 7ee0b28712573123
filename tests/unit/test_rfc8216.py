"""The judge of playlists says what is wrong with a wrong one, and nothing of a right one."""

import pytest

from tests.rfc8216 import judge, violations, violations_of_change

RIGHT = (
    b"#EXTM3U\n"
    b"#EXT-X-VERSION:3\n"
    b"#EXT-X-TARGETDURATION:6\n"
    b"#EXT-X-MEDIA-SEQUENCE:0\n"
    b"#EXT-X-PLAYLIST-TYPE:EVENT\n"
    b"#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:00:00.000Z\n"
    b"#EXTINF:6.000000,\n"
    b"a.ts\n"
    b"#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:00:06.000Z\n"
    b"#EXTINF:4.500000,\n"
    b"b.ts\n"
    b"#EXT-X-DISCONTINUITY\n"
    b"#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:01:00.000+00:00\n"
    b"#EXTINF:6.499,a title\n"
    b"c.ts\n"
)
END = b"#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("content", [RIGHT, RIGHT + END, b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n"], ids=str)
def test_a_right_playlist_is_right(content: bytes) -> None:
    assert violations(content) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"#EXTM3U\n", b"", "4.3.1.1: the first line"),
        (b"#EXT-X-TARGETDURATION:6\n", b"", "4.3.3.1: no EXT-X-TARGETDURATION"),
        (b"TARGETDURATION:6", b"TARGETDURATION:6.0", "4.2: EXT-X-TARGETDURATION is not"),
        (b"6.499", b"6.500", "4.3.3.1: c.ts lasts 6.500 s"),
        (b"VERSION:3", b"VERSION:2", "7: a duration with decimals"),
        (b"#EXTINF:6.000000,\n", b"", "4.3.2.1: a.ts has no EXTINF"),
        (b"#EXTINF:6.000000,", b"#EXTINF:6.000000", "4.3.2.1: EXTINF of a.ts"),
        (b"c.ts\n", b"", "4.3.2: EXT-X-DISCONTINUITY"),
        (b"b.ts\n", b"a.ts\n", "3: one segment named twice"),
        (b":EVENT", b":LIVE", "4.3.3.5"),
        (b"12:00:06.000Z", b"12:00:06.000", "4.3.2.6: 2026-11-20T12:00:06.000 is not"),
        (b"12:00:06.000Z", b"12:00:06.100Z", "4.3.2.6: b.ts begins +0.100 s"),
        (b"#EXT-X-DISCONTINUITY\n", b"", "4.3.2.6: c.ts begins"),
        (b"#EXT-X-DISCONTINUITY\n", b"#EXT-X-DISCONTINUITY:1\n", "4.3: EXT-X-DISCONTINUITY has a value"),
        (b"#EXT-X-MEDIA-SEQUENCE:0\n", b"#EXT-X-STREAM-INF:BANDWIDTH=1\n", "4.3: a media playlist has no"),
        (b"a.ts\n", b"a.ts\n#EXT-X-MEDIA-SEQUENCE:0\n", "4.3.3: EXT-X-MEDIA-SEQUENCE twice"),
        (b"a.ts\n", b"a.ts \n", "4.1: white space"),
        (b"a title", b"a\ttitle", "4.1: a control character"),
        (b"a title", b"a \xff title", "4.1: not UTF-8"),
        (b"#EXTM3U", b"\xef\xbb\xbf#EXTM3U", "4.1: begins with a byte order mark"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_playlist_is_told_why(old: bytes, new: bytes, said: str) -> None:
    assert RIGHT.count(old) >= 1
    found = violations(RIGHT.replace(old, new, 1))
    assert any(each.startswith(said) for each in found), found


def test_an_unfinished_last_line_is_told() -> None:
    assert violations(RIGHT[:-1]) == ["4.1: the last line is not terminated"]


GROWN = RIGHT + b"#EXTINF:2.0,\nd.ts\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (RIGHT, GROWN, []),
        (RIGHT, RIGHT + END, []),
        (RIGHT + END, RIGHT + END, []),
        (GROWN, RIGHT, ["6.2.1: what was said before is not said any more"]),
        (RIGHT, GROWN.replace(b"DURATION:6", b"DURATION:7"), ["6.2.1: what was said before is not said any more"]),
        (RIGHT, GROWN.replace(b"a.ts", b"x.ts"), ["6.2.1: what was said before is not said any more"]),
        (RIGHT + END, GROWN, ["6.2.1: changed after its end"]),
    ],
    ids=["grows", "ends", "stays", "shrinks", "another target duration", "another segment", "grows after its end"],
)
def test_a_playlist_only_grows_and_ends(before: bytes, after: bytes, said: list[str]) -> None:
    assert violations_of_change(before, after) == said


def test_versions_are_judged_each_and_in_their_order() -> None:
    assert judge([RIGHT, GROWN, GROWN + END]) == []
    assert judge([GROWN[:-1], RIGHT]) == [
        "version 0: 4.1: the last line is not terminated",
        "version 1: 6.2.1: what was said before is not said any more",
    ]
