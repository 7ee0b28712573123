"""Recordings ordered by API, on a running stream."""

import time
from collections.abc import Sequence

import pytest

from infra.local.demo.packets import PacketPrint, read_prints
from infra.local.running import StackFacts
from tests.e2e.scene import check, clip_of, recorded

pytestmark = pytest.mark.e2e


def is_part_of(sent: Sequence[PacketPrint], found: Sequence[PacketPrint]) -> bool:
    """Whether `found` is an unbroken stretch of what was sent, in each track."""
    for kind in ("video", "audio"):
        whole = [each.digest for each in sent if each.kind == kind]
        part = [each.digest for each in found if each.kind == kind]
        if not part or not any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1)):
            return False
    return True


def test_a_template_and_a_task_record_the_stream_twice(stack: StackFacts) -> None:
    with recorded(stack, "mp4") as scene:
        task_id = scene.customer.live(
            "CreateRecordTask",
            **scene.address("room"),
            EndTime=int(time.time()) + 3600,
            TemplateId=scene.arrangement.template_id,
        )["TaskId"]
        publisher = scene.publish(clip_of(6))
        events = scene.files(2)
        for event in events:
            check(event, publisher)
        scene.customer.live("StopRecordTask", TaskId=task_id)
    assert {event.get("task_id") for event in events} == {None, task_id}


def test_stop_record_task_ends_its_file_while_the_rule_goes_on(stack: StackFacts) -> None:
    with recorded(stack, "mp4") as scene:
        with scene.publisher(clip_of(40)) as publisher:
            publisher.wait_until_sent(2)
            task_id = scene.customer.live(
                "CreateRecordTask",
                **scene.address("room"),
                EndTime=int(time.time()) + 3600,
                TemplateId=scene.arrangement.template_id,
            )["TaskId"]
            publisher.wait_until_sent(10)
            scene.customer.live("StopRecordTask", TaskId=task_id)
            [of_task] = scene.files(1, task_id=task_id)
            assert publisher.ended_at == 0.0
            part = read_prints(of_task["video_url"])
            publisher.stop()
        [of_rule] = [event for event in scene.files(2) if "task_id" not in event]
        check(of_rule, publisher)
    assert is_part_of(publisher.sent, part)
    assert next(each for each in part if each.kind == "video").is_key_frame


def test_a_task_ends_by_itself_at_its_end_time(stack: StackFacts) -> None:
    with recorded(stack) as scene, scene.publisher(clip_of(40)) as publisher:
        publisher.wait_until_sent(1)
        ends_at = int(time.time()) + 7
        task_id = scene.customer.live("CreateRecordTask", **scene.address("room"), EndTime=ends_at)["TaskId"]
        [event] = scene.files(1, task_id=task_id)
        assert publisher.ended_at == 0.0
        part = read_prints(event["video_url"])
        publisher.stop()
    assert is_part_of(publisher.sent, part)
    assert event["end_time"] == pytest.approx(ends_at, abs=2)


def test_a_task_without_a_template_records_hls(stack: StackFacts) -> None:
    with recorded(stack) as scene:
        task_id = scene.customer.live("CreateRecordTask", **scene.address("room"), EndTime=int(time.time()) + 3600)[
            "TaskId"
        ]
        publisher = scene.publish(clip_of(6))
        [event] = scene.files(1, task_id=task_id)
        check(event, publisher)
        scene.customer.live("StopRecordTask", TaskId=task_id)
    assert event["file_format"] == "hls"


def test_a_deleted_task_does_not_record_the_next_push(stack: StackFacts) -> None:
    with recorded(stack, "flv") as scene:
        task_id = scene.customer.live("CreateRecordTask", **scene.address("room"), EndTime=int(time.time()) + 3600)[
            "TaskId"
        ]
        scene.customer.live("DeleteRecordTask", TaskId=task_id)
        scene.publish(clip_of(5))
        scene.files(1)
        scene.receiver.wait_for(1, timeout_seconds=20, event_type=0)
    assert [event["file_format"] for event in scene.receiver.accepted(event_type=100)] == ["flv"]
