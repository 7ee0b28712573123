"""The local stack itself: what it keeps, and that two of them live side by side."""

from pathlib import Path

import pytest

from infra.local.running import StackFacts
from tests.e2e.scene import check, clip_of, customer_of, recorded
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_the_stack_keeps_its_state_over_down_and_up_beside_another_stack(
    stack: StackFacts, tmp_path: Path, figures: dict[str, float]
) -> None:
    second = Stack(tmp_path, {})
    second.start()
    from_nothing = second.process.start_seconds
    try:
        template_id = customer_of(second.address).live(
            "CreateLiveRecordTemplate", TemplateName="kept", FlvParam={"Enable": 1}
        )["TemplateId"]
        with recorded(second.address, "flv") as scene:
            publisher = scene.publish(clip_of(5))
            [event] = scene.files(1)
        second.stop()
        second.start()
        customer = customer_of(second.address)
        found = customer.live("DescribeLiveRecordTemplate", TemplateId=template_id)["Template"]
        described = customer.vod("DescribeMediaInfos", FileIds=[event["file_id"]])["MediaInfoSet"]
        check({**event, "video_url": described[0]["BasicInfo"]["MediaUrl"]}, publisher)
        with recorded(second.address, "flv") as scene:
            publisher = scene.publish(clip_of(5))
            check(scene.files(1)[0], publisher)
        elsewhere = customer_of(stack).vod("SearchMedia", FileIds=[event["file_id"]])
    finally:
        second.stop()
    assert found["TemplateName"] == "kept"
    assert elsewhere["TotalCount"] == 0
    assert from_nothing < 60
    figures["second start of a stack"] = second.process.start_seconds
    assert second.process.start_seconds < 10
