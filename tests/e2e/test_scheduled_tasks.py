"""Tasks that are ordered ahead: armed before the stream exists, over an interruption, until their end."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from infra.local.demo.customer import TOLD_OF
from infra.local.demo.packets import read_prints
from infra.local.demo.publisher import Publisher
from infra.local.running import StackFacts
from tests.e2e.scene import ANNOUNCED_SECONDS, Scene, check, clip_of, recorded
from tests.e2e.test_tasks import is_part_of

pytestmark = pytest.mark.e2e

STATUS_TOO = (*TOLD_OF, "RecordStatusNotifyUrl")
FRAME_SECONDS = 0.05
KEY_FRAME_SECONDS = 2.0
"""How often the clips have one."""
LATE_SECONDS = 0.25
"""What comes to a frame's length on a machine under load: from the encoder over the origin to the recorder."""


def create(scene: Scene, *, stream: str, first: float, end: float) -> str:
    """A task of the scene's template in a window of unix seconds."""
    task = {"StartTime": int(first), "EndTime": int(end), "TemplateId": scene.arrangement.template_id}
    return str(scene.customer.live("CreateRecordTask", **scene.address(stream), **task)["TaskId"])


def began_at(event: Mapping[str, Any]) -> float:
    return float(event["start_time"]) + float(event["start_time_usec"]) / 1e6


def ended_at(event: Mapping[str, Any]) -> float:
    return float(event["end_time"]) + float(event["end_time_usec"]) / 1e6


def told(scene: Scene, count: int, **fields: Any) -> Sequence[dict[str, Any]]:
    """So many events with these fields, once they came."""
    return scene.receiver.wait_for(count, timeout_seconds=ANNOUNCED_SECONDS, **fields)


def in_order(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """As they happened, in whatever order they came."""
    return sorted(events, key=lambda each: int(each["seq"]))


def sent_at(publisher: Publisher, digest: str) -> float:
    """When a picture was sent, unix s."""
    return publisher.began_at + next(each.dts for each in publisher.sent if each.digest == digest) / 1000


def test_a_task_armed_before_the_stream_records_beside_the_rule_over_an_interruption_until_its_end(
    stack: StackFacts,
) -> None:
    with recorded(stack, "flv", told_of=STATUS_TOO) as scene:
        first = math.ceil(time.time()) + 5
        end = first + 20  # a machine under load may hold each publish for some seconds
        task_id = create(scene, stream="room", first=first, end=end)
        with scene.publisher(clip_of(40)) as before:
            before.wait_until_sent(8)
            before.stop()
        with scene.publisher(clip_of(40)) as after:
            after.wait_until_sent(1)
            after.wait_until_sent(end + 1 - after.began_at)
            after.stop()
        publishers = before, after
        of_task, of_rule = scene.files(2, task_id=task_id), scene.files(2, task_id=None)
        pushes = [*told(scene, 2, event_type=1), *told(scene, 2, event_type=0)]
        statuses = told(scene, 4, event_type=332, task_id=task_id)
    for event, publisher in zip(of_rule, publishers, strict=True):
        check(event, publisher)
        assert "stream_param" in event
    for event, publisher in zip(of_task, publishers, strict=True):
        part = read_prints(event["video_url"])
        assert is_part_of(publisher.sent, part)
        assert not {"stream_param", "record_temp_id"} & set(event)
    picture = next(each for each in read_prints(of_task[0]["video_url"]) if each.kind == "video")
    assert picture.is_key_frame
    assert first - LATE_SECONDS < sent_at(publishers[0], picture.digest) < first + KEY_FRAME_SECONDS + LATE_SECONDS
    assert first <= began_at(of_task[0])
    assert ended_at(of_task[1]) == pytest.approx(end, abs=FRAME_SECONDS + LATE_SECONDS)
    assert [each["event_type"] for each in in_order(pushes)] == [1, 0, 1, 0]
    assert [each["record_event"] for each in in_order(statuses)] == ["record_start_succeeded", "record_ended"] * 2


def test_a_task_of_a_live_stream_that_nobody_records_wakes_a_recorder_and_starts_and_ends_on_time(
    stack: StackFacts,
) -> None:
    with recorded(stack) as scene:
        template = scene.customer.live("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Enable": 1})
        with scene.publisher(clip_of(40)) as publisher:
            publisher.wait_until_sent(1)
            first = math.ceil(time.time()) + 22
            address = {**scene.address("room"), "TemplateId": template["TemplateId"]}
            task = scene.customer.live("CreateRecordTask", **address, StartTime=first, EndTime=first + 5)
            waited = first + 5 - time.time() + ANNOUNCED_SECONDS
            [event] = scene.receiver.wait_for(1, timeout_seconds=waited, event_type=100, task_id=task["TaskId"])
            assert publisher.ended_at == 0.0
            publisher.stop()
        scene.customer.live("DeleteLiveRecordTemplate", TemplateId=template["TemplateId"])
    assert is_part_of(publisher.sent, read_prints(event["video_url"]))
    assert first <= began_at(event) < first + 2.5
    assert ended_at(event) == pytest.approx(first + 5, abs=FRAME_SECONDS + LATE_SECONDS)
