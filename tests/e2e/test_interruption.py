"""An encoder that goes and returns: HLS goes on in one playlist that a browser plays; other formats begin anew."""

import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.demo.check import check_file
from tests.e2e.player import play
from tests.e2e.scene import clip_of, recorded
from tests.e2e.stack import Stack
from tests.rfc8216 import judge, violations

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def get(url: str) -> tuple[bytes, Mapping[str, str]]:
    """Content and headers of what a viewer is given."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read(), answer.headers


def test_a_stream_that_returns_is_one_hls_file_that_plays_over_the_join(running: Stack) -> None:
    with recorded(running.address, "hls", "flv", HlsSpecialParam={"FlowContinueDuration": 1800}) as scene:
        first = scene.publish(clip_of(8))
        [first_flv] = scene.files(1, file_format="flv")
        second = scene.publish(clip_of(8))
        flvs = scene.files(2, file_format="flv")
        running.let_windows_pass()
        [event] = scene.files(1, file_format="hls")
        playlist, headers = get(event["video_url"])
        counters = play(event["video_url"])
        assert len(scene.receiver.accepted(event_type=100)) == 3
    for flv, publisher in zip(flvs, (first, second), strict=True):
        check_file(flv["video_url"], "flv", publisher.sent)
    assert first_flv["file_id"] != flvs[1]["file_id"]
    assert violations(playlist) == []
    assert playlist.count(b"#EXT-X-DISCONTINUITY\n") == 1
    assert headers["Cache-Control"] == "max-age=60"
    assert event["duration"] == pytest.approx(16, abs=1)
    assert_played_over_the_join(counters, pictures=sum(each.kind == "video" for each in (*first.sent, *second.sent)))


def test_a_playlist_is_there_and_grows_while_the_stream_is_recorded(running: Stack) -> None:
    with recorded(running.address, "hls") as scene:
        with scene.publisher(clip_of(24), speed=2.0) as publisher:
            publisher.wait_until_sent(8)
            url = running.growing_playlist(scene.app, "room")
            first, headers = get(url)
            publisher.wait_until_sent(20)
            second, _ = get(url)
            publisher.wait()
        [event] = scene.files(1)
        last, _ = get(event["video_url"])
    assert event["video_url"] == url
    assert headers["Cache-Control"] == "max-age=1"
    assert judge([first, second, last]) == []
    assert [text.count(b"#EXTINF") for text in (first, second, last)] == [1, 3, 4]
    assert [b"#EXT-X-ENDLIST" in text for text in (first, second, last)] == [False, False, True]


def assert_played_over_the_join(counters: Mapping[str, Any], *, pictures: int) -> None:
    """Every picture was shown, to the end, and nothing was wrong but the gap that B-frames leave at each beginning."""
    beginnings = (0.0, 8.0)
    errors = [each for each in counters["errors"] if min(abs(each["position"] - at) for at in beginnings) > 0.3]
    assert errors == []
    assert counters["ended"]
    assert counters["position"] == pytest.approx(16, abs=0.5)
    assert counters["fragments"] == 4
    assert (counters["frames"], counters["width"], counters["corrupted"]) == (pictures, 640, 0)
