"""A mixer takes an input's name over: what is recorded under it is the mixed picture, before and after it the input."""

import time

import pytest

from infra.local.demo.packets import read_prints
from infra.local.running import StackFacts
from tests.e2e.scene import check, clip_of, recorded
from tests.e2e.test_tasks import is_part_of

pytestmark = pytest.mark.e2e


def test_the_mixed_picture_is_what_is_recorded_under_the_name_it_takes_over(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        mixed_only = {"StreamType": 1, "TemplateId": scene.arrangement.template_id, "EndTime": int(time.time()) + 3600}
        task_id = scene.customer.live("CreateRecordTask", **scene.address("room"), **mixed_only)["TaskId"]
        with scene.publisher(clip_of(40)) as encoder:
            encoder.wait_until_sent(3)
            with scene.publisher(clip_of(6), query="&output_stream_type=0") as mixer:
                mixer.wait()
            scene.receiver.wait_for(2, timeout_seconds=20, event_type=0)
            scene.receiver.wait_for(3, timeout_seconds=20, event_type=1)
            encoder.wait_until_sent(16)
            encoder.stop()
        of_rule = sorted(scene.files(3, task_id=None), key=lambda each: (each["start_time"], each["start_time_usec"]))
        [of_task] = scene.files(1, task_id=task_id)
        scene.customer.live("StopRecordTask", TaskId=task_id)
    before, mixed, after = of_rule
    check(mixed, mixer)
    check(of_task, mixer)
    for event in (before, after):
        assert is_part_of(encoder.sent, read_prints(event["video_url"]))
