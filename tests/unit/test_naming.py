"""Keys are made of ids; the customer's spelling gives the media its name and nothing else."""

import pytest

from chalicelib.recording import naming
from chalicelib.recording.orders import RecordFormat

START, END = 1_795_163_844.123, 1_795_165_644.9
ODD_NAMES = ["../x", "a/b c+d", "流", "x" * 200, "{StreamID", "}{", "%2e%2e", "a\x00b"]


def test_the_default_name_is_the_vendors() -> None:
    name = naming.media_name("", stream_id="room-7", started_at=START, ended_at=END)
    assert name == "room-7_2026-11-20-16-37-24_2026-11-20-17-07-24"


def test_every_placeholder_is_filled_and_an_unknown_one_is_left() -> None:
    start = "{StartYear}{StartMonth}{StartDay}{StartHour}{StartMinute}{StartSecond}{StartMillisecond}"
    pattern = "{StreamID}|" + start + "|{EndYear}{EndMillisecond}|{x}"
    name = naming.media_name(pattern, stream_id="s", started_at=START, ended_at=END, utc_offset_hours=0)
    assert name == "s|20261120083724123|2026900|{x}"
    assert naming.unknown_placeholders(pattern) == ["x"]


def test_a_stream_named_like_a_placeholder_is_not_filled_twice() -> None:
    assert naming.media_name("{StreamID}", stream_id="{EndYear}", started_at=START, ended_at=END) == "{EndYear}"


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_a_name_of_any_spelling_comes_out_as_it_went_in(odd: str) -> None:
    assert naming.media_name("{StreamID}", stream_id=odd, started_at=START, ended_at=END) == odd


@pytest.mark.parametrize(
    ("format_", "key"),
    [
        (RecordFormat.MP4, "media/5000000000000000042/f0.mp4"),
        (RecordFormat.MP3, "media/5000000000000000042/f0.mp3"),
        (RecordFormat.HLS, "media/5000000000000000042/playlist.m3u8"),
    ],
)
def test_keys_are_made_of_the_file_id(format_: RecordFormat, key: str) -> None:
    assert naming.media_key(naming.new_file_id(42), format_) == key


def test_a_ready_key_gives_its_file_id_back_and_no_other_key_does() -> None:
    file_id = naming.new_file_id(2**64)
    assert naming.file_id_of_ready_key(naming.ready_key(file_id)) == file_id
    for other in ("ready/x.json", f"ready/{file_id}.json.tmp", f"media/{file_id}.json", f"ready/../{file_id}.json", ""):
        assert naming.file_id_of_ready_key(other) is None


def test_the_playback_url_is_the_key_under_the_public_base() -> None:
    assert naming.playback_url("https://cdn.example/media/", "media/5/f0.mp4") == "https://cdn.example/media/5/f0.mp4"
