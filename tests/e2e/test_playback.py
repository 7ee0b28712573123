"""What a viewer's browser makes of a recording."""

import pytest

from infra.local.running import StackFacts
from tests.e2e.player import FIRST_PICTURE_SECONDS, SEEN_AGAIN, play
from tests.e2e.scene import clip_of, recorded

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def test_hls_plays_in_chromium_with_hls_js(stack: StackFacts) -> None:
    with recorded(stack, "hls") as scene:
        publisher = scene.publish(clip_of(8))
        [event] = scene.files(1)
        counters = play(event["video_url"])
    assert [error for error in counters["errors"] if error["position"] > FIRST_PICTURE_SECONDS] == []
    assert counters["ended"]
    assert counters["position"] == pytest.approx(8, abs=0.3)
    assert counters["fragments"] == 2
    assert 0 <= counters["frames"] - sum(each.kind == "video" for each in publisher.sent) <= SEEN_AGAIN
    assert (counters["width"], counters["corrupted"]) == (640, 0)
