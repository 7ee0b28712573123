"""An encoder that goes and returns: HLS goes on in one playlist that a browser plays; other formats begin anew."""

import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import pytest

from infra.local.demo.check import check_file
from infra.local.demo.publisher import Publisher
from tests.e2e.player import SEEN_AGAIN, play
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
        with scene.publisher(clip_of(30)) as publisher:
            first, headers = growing(running, scene.app, publisher, segments=1)
            second, _ = growing(running, scene.app, publisher, segments=3)
            publisher.wait()
        [event] = scene.files(1)
        last, _ = get(event["video_url"])
    assert headers["Cache-Control"] == "max-age=1"
    assert judge([first, second, last]) == []
    assert [b"#EXT-X-ENDLIST" in text for text in (first, second, last)] == [False, False, True]
    assert last.count(b"#EXTINF") == 5


def growing(running: Stack, app: str, publisher: Publisher, *, segments: int) -> tuple[bytes, Mapping[str, str]]:
    """The playlist once it names so many segments, while the publisher goes on; raises EOFError where it never does."""
    sent, content = 6 * segments, b""
    headers: Mapping[str, str] = {}
    while content.count(b"#EXTINF") < segments:
        publisher.wait_until_sent(sent)
        sent += 1
        url = running.growing_playlist(app, "room")
        if url is not None:
            with suppress(HTTPError):  # not there yet
                content, headers = get(url)
    return content, headers


def assert_played_over_the_join(counters: Mapping[str, Any], *, pictures: int) -> None:
    """Every picture was shown, to the end, and nothing was wrong but the gap that B-frames leave at each beginning."""
    beginnings = (0.0, 8.0)
    errors = [each for each in counters["errors"] if min(abs(each["position"] - at) for at in beginnings) > 0.3]
    assert errors == []
    assert counters["ended"]
    assert counters["position"] == pytest.approx(16, abs=0.5)
    assert counters["fragments"] == 4
    assert 0 <= counters["frames"] - pictures <= 2 * SEEN_AGAIN
    assert (counters["width"], counters["corrupted"]) == (640, 0)
