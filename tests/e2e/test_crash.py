"""A recorder that is killed while the stream lives: its files are finished, and another one goes on within seconds."""

import pytest

from infra.local.demo.comparison import compare
from infra.local.demo.customer import FORMATS
from infra.local.demo.packets import read_prints
from tests.e2e.scene import clip_of, recorded
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

TAKEOVER_SECONDS = 5.0
CHECKPOINT_SECONDS = 10.0


def test_another_recorder_takes_over_within_five_seconds_and_finishes_what_was_left(running: Stack) -> None:
    with recorded(running.address, *FORMATS) as scene:
        with scene.publisher(clip_of(30)) as publisher:
            publisher.wait_until_sent(14)
            killed_at = running.kill_recorder(scene.app, "room")
            left = {event["file_format"]: event for event in scene.files(len(FORMATS) - 1)}
            session = running.session(scene.app, "room")
            publisher.wait()
        after = scene.files(2 * len(FORMATS) - 1)
    assert session["subscribed_at"] - killed_at < TAKEOVER_SECONDS
    assert sorted(left) == sorted(set(FORMATS) - {"hls"})
    for file_format in ("flv", "mp4"):
        first, second = (each for each in after if each["file_format"] == file_format)
        begin, rest = read_prints(first["video_url"]), read_prints(second["video_url"])
        begun, gone_on = [], []
        for kind in ("video", "audio"):
            track = [each for each in publisher.sent if each.kind == kind]
            counts = [sum(each.kind == kind for each in found) for found in (begin, rest)]
            begun += track[: counts[0]]
            gone_on += track[-counts[1] :]
            assert 30 * (1 - sum(counts) / len(track)) < CHECKPOINT_SECONDS + TAKEOVER_SECONDS
        compare(begun, begin, kinds=["video", "audio"], tolerance_ms=2.5)
        compare(gone_on, rest, kinds=["video", "audio"], tolerance_ms=2.5)
    [hls] = [each for each in after if each["file_format"] == "hls"]
    assert hls["duration"] > 30 - CHECKPOINT_SECONDS - TAKEOVER_SECONDS
