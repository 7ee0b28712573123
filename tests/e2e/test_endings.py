"""A recorder that is told to go ends with complete files."""

import pytest

from infra.local.demo.comparison import compare
from infra.local.demo.customer import FORMATS
from infra.local.demo.packets import read_prints
from tests.e2e.scene import clip_of, recorded
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_sigterm_ends_with_complete_files(running: Stack) -> None:
    with recorded(running.address, *FORMATS) as scene:
        with scene.publisher(clip_of(40)) as publisher:
            publisher.wait_until_sent(4)
            running.stop_task(running.recorder_of(scene.app, "room"))
            events = {event["file_format"]: event for event in scene.files(len(FORMATS))}
            assert publisher.ended_at == 0.0
            publisher.stop()
        for file_format in ("flv", "mp4", "hls"):
            found = read_prints(events[file_format]["video_url"])
            counts = {kind: sum(each.kind == kind for each in found) for kind in ("video", "audio")}
            sent = [
                each
                for kind, count in counts.items()
                for each in [packet for packet in publisher.sent if packet.kind == kind][:count]
            ]
            assert counts["video"] > 3 * 25
            compare(sent, found, kinds=["video", "audio"], tolerance_ms=2.5)
