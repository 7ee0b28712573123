"""An encoder that goes and returns: HLS goes on in one playlist that a browser plays; other formats begin anew."""

import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

import pytest

from infra.local.demo.check import check_file
from infra.local.demo.customer import TOLD_OF
from infra.local.demo.publisher import Publisher
from tests.e2e.player import SEEN_AGAIN, play
from tests.e2e.scene import Scene, clip_of, recorded
from tests.e2e.stack import Stack
from tests.media.clips import ClipOrder, clip
from tests.rfc8216 import judge, violations

STATUS_TOO = (*TOLD_OF, "RecordStatusNotifyUrl")
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


def test_a_stream_that_returns_with_another_picture_and_sound_plays_over_the_join(running: Stack) -> None:
    other = clip(ClipOrder(seconds=8, width=320, height=240, sample_rate=32_000))
    window = {"FlowContinueDuration": 1800}
    with recorded(running.address, "hls", told_of=STATUS_TOO, HlsSpecialParam=window) as scene:
        first = scene.publish(clip_of(8))
        wait_for_pauses(scene, 1)
        second = scene.publish(other.content)
        wait_for_pauses(scene, 2)
        running.let_windows_pass()
        [event] = scene.files(1, file_format="hls")
        playlist, _ = get(event["video_url"])
        counters = play(event["video_url"])
    assert violations(playlist) == []
    assert playlist.count(b"#EXT-X-DISCONTINUITY\n") == 1
    assert [(size["width"], size["height"]) for size in counters["sizes"]] == [(640, 360), (320, 240)]
    assert counters["sizes"][1]["position"] == pytest.approx(8, abs=0.5)
    pictures = sum(each.kind == "video" for each in (*first.sent, *second.sent))
    assert_played_over_the_join(counters, pictures=pictures, width=320)


def test_a_schedule_ends_the_window_of_a_stream_that_does_not_return(running: Stack) -> None:
    with recorded(running.address, "hls", told_of=STATUS_TOO, HlsSpecialParam={"FlowContinueDuration": 1}) as scene:
        before = running.schedules()
        scene.publish(clip_of(8))
        wait_for_pauses(scene, 1)
        made = running.schedules_made_since(before)
        [event] = scene.receiver.wait_for(1, timeout_seconds=90, event_type=100)
        assert event["duration"] == pytest.approx(8, abs=1)
        running.wait_until_run(made)


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


def wait_for_pauses(scene: Scene, count: int) -> None:
    """Wait until so many pauses were told: their files wait for the stream."""
    scene.receiver.wait_for(count, timeout_seconds=20, event_type=332, record_event="record_paused")


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


def assert_played_over_the_join(counters: Mapping[str, Any], *, pictures: int, width: int = 640) -> None:
    """Every picture was shown, to the end, and nothing was wrong but the gap that B-frames leave at each beginning."""
    beginnings = (0.0, 8.0)
    errors = [each for each in counters["errors"] if min(abs(each["position"] - at) for at in beginnings) > 0.3]
    assert errors == []
    assert counters["ended"]
    assert counters["position"] == pytest.approx(16, abs=0.5)
    assert counters["fragments"] == 4
    assert 0 <= counters["frames"] - pictures <= 2 * SEEN_AGAIN
    assert (counters["width"], counters["corrupted"]) == (width, 0)
