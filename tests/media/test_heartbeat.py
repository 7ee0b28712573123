"""One look at the session's item says how each recording is doing."""

import time

import pytest

from chalicelib.attribute_values import Item
from chalicelib.recording.report import Trouble
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import VIDEO, retimed
from tests.media.studio import Studio, template_order
from tests.media.troubles import troubles_told


def test_the_heartbeat_of_a_live_recording(s3: FakeS3) -> None:
    def beat(studio: Studio) -> Item:
        found: Item = studio.session.get("heartbeat", {}).get("recordings", {}).get("template-1", {})
        return found

    made = clip(ClipOrder(seconds=12))
    with FlvOrigin(made.content) as origin:
        studio = Studio(s3, {"lease_seconds": 0.6})
        studio.order(origin.url, template_order("flv", "aac"))
        studio.start()
        origin.send(until_ms=10_000)
        studio.table.wait_for(lambda: beat(studio).get("flv", {}).get("bits_per_second", 0) > 0)
        moving = beat(studio)
        studio.table.wait_for(lambda: beat(studio)["flv"]["bits_per_second"] == 0)
        standing = beat(studio)
        began_at = studio.session["heartbeat"]["at"]
        origin.end()
        studio.wait()
    assert moving["flv"].keys() == {"bits_per_second", "drift_ms", "queue_depth", "last_packet_age_seconds"}
    assert moving["aac"].keys() == {"bits_per_second", "queue_depth", "last_packet_age_seconds"}
    assert moving["flv"]["bits_per_second"] > moving["aac"]["bits_per_second"] > 0
    assert abs(moving["flv"]["drift_ms"]) < 200
    assert standing["flv"]["last_packet_age_seconds"] > 0
    assert abs(began_at - time.time()) < 20


def test_a_drift_is_in_the_heartbeat_and_told(s3: FakeS3) -> None:
    drifted = retimed(clip(ClipOrder(seconds=12)), lambda tag: tag.milliseconds + 4000 * (tag.kind == VIDEO))

    def vitals(studio: Studio) -> Item:
        found: Item = studio.session.get("heartbeat", {}).get("recordings", {}).get("template-1", {}).get("mp4", {})
        return found

    with FlvOrigin(drifted.content) as origin:
        studio = Studio(s3, {"lease_seconds": 0.6})
        studio.order(origin.url, template_order("mp4"))
        studio.start()
        origin.send(until_ms=12_000)
        studio.table.wait_for(lambda: vitals(studio).get("drift_ms", 0) > 0)
        drift_ms = vitals(studio)["drift_ms"]
        origin.end()
        studio.wait()
    assert drift_ms == pytest.approx(4000, abs=100)
    assert troubles_told(s3) == {Trouble.DESYNC: 1}
