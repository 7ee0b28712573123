"""A playlist is written and read in the same words."""

import pytest

from chalicelib.recording.playlist import Playlist, Segment, rounded, target_duration

NOON = 1_795_176_000.0
PLAYLIST = Playlist(
    target_seconds=12,
    segments=(
        Segment(name="000000-1f3a.ts", duration_seconds=6.0, began_at=NOON),
        Segment(name="000001-1f3a.ts", duration_seconds=5.04, began_at=NOON + 6.0),
        Segment(name="000002-77c0.ts", duration_seconds=11.5, began_at=NOON + 60.25, is_discontinuous=True),
    ),
)
TEXT = (
    "#EXTM3U\n"
    "#EXT-X-VERSION:3\n"
    "#EXT-X-TARGETDURATION:12\n"
    "#EXT-X-MEDIA-SEQUENCE:0\n"
    "#EXT-X-PLAYLIST-TYPE:EVENT\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:00:00.000Z\n"
    "#EXTINF:6.000000,\n"
    "000000-1f3a.ts\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:00:06.000Z\n"
    "#EXTINF:5.040000,\n"
    "000001-1f3a.ts\n"
    "#EXT-X-DISCONTINUITY\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:01:00.250Z\n"
    "#EXTINF:11.500000,\n"
    "000002-77c0.ts\n"
)


@pytest.mark.parametrize(
    ("playlist", "text"),
    [
        (PLAYLIST, TEXT),
        (PLAYLIST.finished(), TEXT + "#EXT-X-ENDLIST\n"),
        (Playlist(target_seconds=12), TEXT[: TEXT.index("#EXT-X-PROGRAM")]),
    ],
    ids=["growing", "finished", "empty"],
)
def test_a_playlist_is_written_and_read_in_the_same_words(playlist: Playlist, text: str) -> None:
    assert playlist.encode().decode() == text
    assert Playlist.decode(text.encode()) == playlist


@pytest.mark.parametrize(
    "text",
    ["", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n", TEXT[: TEXT.rindex("#EXTINF")], "<Error/>", TEXT.replace("12:01", "x")],
    ids=["nothing", "another's sequence", "broken off", "an error", "no time"],
)
def test_what_we_did_not_write_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a playlist of ours"):
        Playlist.decode(text.encode())


def test_a_playlist_plays_as_long_as_its_segments() -> None:
    assert PLAYLIST.duration_seconds == pytest.approx(22.54)


def test_a_cache_forgets_a_growing_playlist_at_once_and_a_finished_one_soon() -> None:
    assert (PLAYLIST.cache_control, PLAYLIST.finished().cache_control) == ("max-age=1", "max-age=60")


@pytest.mark.parametrize(("seconds", "target"), [(6.0, 12), (2.5, 5), (0.04, 1)])
def test_the_target_duration_leaves_room_for_late_key_frames(seconds: float, target: int) -> None:
    assert target_duration(seconds) == target


@pytest.mark.parametrize(("seconds", "expected"), [(12.49, 12), (12.5, 13), (2.5, 3)])
def test_durations_are_rounded_half_up(seconds: float, expected: int) -> None:
    assert rounded(seconds) == expected
