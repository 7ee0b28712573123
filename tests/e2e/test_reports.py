"""What becomes of each recording is told while it goes on."""

import json
import time

import pytest

from infra.local.running import StackFacts
from tests.e2e.scene import ANNOUNCED_SECONDS, Scene, clip_of, recorded
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

STATUS, EXCEPTION = "RecordStatusNotifyUrl", "RecordExceptionNotifyUrl"
FORMAT_NUMBERS = {"flv": 1, "hls": 2}


def told(scene: Scene, count: int, **fields: str) -> list[tuple[int, str]]:
    """Format and status of the events 332 with these fields, in the order of their numbers."""
    events = scene.receiver.wait_for(count, timeout_seconds=ANNOUNCED_SECONDS, event_type=332, **fields)
    numbered = sorted(events, key=lambda event: int(event["seq"]))
    return [(json.loads(event["record_detail"])["file_format"], event["record_event"]) for event in numbered]


def test_a_live_stream_s_recordings_tell_that_they_started_and_ended(stack: StackFacts) -> None:
    with recorded(stack, *FORMAT_NUMBERS, told_of=["RecordNotifyUrl", STATUS, EXCEPTION]) as scene:
        with scene.publisher(clip_of(40)) as publisher:
            started = told(scene, 2, record_event="record_start_succeeded")
            assert publisher.ended_at == 0.0
            publisher.stop()
        ended = told(scene, 2, record_event="record_ended")
        files = scene.files(2)
        exceptions = scene.receiver.accepted(event_type=341)
    assert sorted(started) == [(number, "record_start_succeeded") for number in FORMAT_NUMBERS.values()]
    assert sorted(ended) == [(number, "record_ended") for number in FORMAT_NUMBERS.values()]
    sessions = {json.loads(file["callback_ext"])["session_id"] for file in files}
    statuses = scene.receiver.accepted(event_type=332)
    assert {event["session_id"] for event in statuses} == sessions
    assert {(event["domain"], event["appname"], event["stream_id"]) for event in statuses} == {
        (scene.arrangement.domain, scene.app, "room")
    }
    assert exceptions == []


def test_a_task_that_is_stopped_tells_so_under_its_id(stack: StackFacts) -> None:
    with recorded(stack, told_of=[STATUS]) as scene, scene.publisher(clip_of(40)) as publisher:
        publisher.wait_until_sent(1)
        ends_at = int(time.time()) + 3600
        task_id = scene.customer.live("CreateRecordTask", **scene.address("room"), EndTime=ends_at)["TaskId"]
        told(scene, 1, record_event="record_start_succeeded", task_id=task_id)
        scene.customer.live("StopRecordTask", TaskId=task_id)
        statuses = told(scene, 2, task_id=task_id)
        assert publisher.ended_at == 0.0
        publisher.stop()
    assert statuses == [(2, "record_start_succeeded"), (2, "record_ended")]


def test_a_recording_whose_recorder_is_killed_tells_that_it_goes_on(running: Stack) -> None:
    with recorded(running.address, *FORMAT_NUMBERS, told_of=["RecordNotifyUrl", STATUS]) as scene:
        with scene.publisher(clip_of(40)) as publisher:
            told(scene, 2, record_event="record_start_succeeded")
            running.kill_recorder(scene.app, "room")
            told(scene, 2, record_event="record_resumed")
            publisher.stop()
        told(scene, 2, record_event="record_ended")
        statuses = told(scene, 6)
    for number in FORMAT_NUMBERS.values():
        assert [event for file_format, event in statuses if file_format == number] == [
            "record_start_succeeded",
            "record_resumed",
            "record_ended",
        ]
