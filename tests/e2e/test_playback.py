"""What a viewer's browser makes of a recording."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.local.running import StackFacts
from tests.e2e.scene import clip_of, recorded

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

PLAYER = Path(__file__).with_name("play_hls.mjs")


def test_hls_plays_in_chromium_with_hls_js(stack: StackFacts) -> None:
    browser = shutil.which("chromium")
    assert browser, "chromium is not on the PATH: install it, or leave this test out with -m 'not browser'"
    with recorded(stack, "hls") as scene:
        publisher = scene.publish(clip_of(8))
        [event] = scene.files(1)
        played = subprocess.run(
            ["node", str(PLAYER), event["video_url"], browser], capture_output=True, text=True, timeout=120, check=False
        )
    assert played.returncode == 0, played.stderr
    counters = json.loads(played.stdout)
    # B-frames put the first picture 80 ms after the first decoding time, hls.js's zero: it may say that it skipped it.
    assert [error for error in counters["errors"] if error["position"] > 0.25] == []
    assert counters["ended"]
    assert counters["position"] == pytest.approx(8, abs=0.3)
    assert counters["fragments"] == 2
    assert counters["frames"] == sum(each.kind == "video" for each in publisher.sent)
    assert (counters["width"], counters["corrupted"]) == (640, 0)
