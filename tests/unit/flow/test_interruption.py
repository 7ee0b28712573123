"""A stream that goes and returns: what its next publish is to record, and under which id."""

from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest.hooks import PublishHook, UnpublishHook
from chalicelib.recording.created_objects import take
from chalicelib.recording.report import Status, StatusEvent
from chalicelib.recording.waiting import WaitingFile, deadline_of, waiting_files
from chalicelib.settings import settings
from tests.fakes.world import FILE, HOOK, REPORT, STREAM, World, hls_entry


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, short_settings: None) -> None:
    """There is a function to wake."""
    monkeypatch.setenv("SCHEDULE_TARGET_ARN", "arn:aws:lambda:us-east-1:000000000000:function:tick")
    settings.cache_clear()


def come(world: World, client_id: str) -> PublishHook:
    """One more push of the stream."""
    hook = replace(HOOK, client_id=client_id, param="")
    world.publish(hook)
    return hook


def go(world: World, hook: PublishHook) -> None:
    """Its end, and its recorder's."""
    world.unpublish(UnpublishHook(stream=STREAM, client_id=hook.client_id))
    world.end(world.sessions()[-1]["session_id"])


def test_a_task_goes_on_over_interruptions_until_its_end_time(world: World) -> None:
    task_id = world.task(seconds=600)
    for number, at in enumerate((0, 100, 500, 99)):
        world.now += at
        go(world, come(world, f"c{number}"))
    assert [list(session["orders"]) for session in world.sessions()] == [
        [f"task-{task_id}"],
        [f"task-{task_id}"],
        [],
        [],
    ]


def test_a_returning_stream_s_hls_has_the_same_recording_and_its_window(world: World) -> None:
    template_id = world.template("Hls", HlsSpecialParam={"FlowContinueDuration": 120})
    world.rule(template_id)
    for number in range(2):
        world.now += 60
        go(world, come(world, f"c{number}"))
    orders = [session["orders"][f"template-{template_id}"] for session in world.sessions()]
    assert [order["continue_seconds"] for order in orders] == [120, 120]


def test_a_publisher_that_reconnects_before_it_was_missed_begins_a_session_that_may_go_on(world: World) -> None:
    template_id = world.template("Hls", HlsSpecialParam={"FlowContinueDuration": 120})
    world.rule(template_id)
    first = come(world, "c1")
    second = come(world, "c2")
    world.unpublish(UnpublishHook(stream=STREAM, client_id=first.client_id))
    world.unpublish(UnpublishHook(stream=STREAM, client_id=first.client_id))
    old, new = world.sessions()
    assert "unpublished_at" in old
    assert "unpublished_at" not in new
    assert old["orders"].keys() == new["orders"].keys()
    go(world, second)
    assert "unpublished_at" in world.session(new["session_id"])


def waits(world: World, recording_id: str) -> WaitingFile:
    """An HLS file of a recording that waits for ten minutes."""
    file = hls_entry(recording_id, began_at=world.now - 60)
    waiting = WaitingFile(file=file, paused_at=world.now, deadline=world.now + 600)
    world.table.put(waiting.put_away())
    return waiting


def test_a_task_that_is_stopped_waits_for_its_stream_no_longer(world: World, woken: None) -> None:
    task_id, other = world.task(), world.task()
    for each in (task_id, other):
        waits(world, f"task-{each}")
    for _ in range(2):
        world.act("StopRecordTask", TaskId=task_id)
        (stopped,) = waiting_files(world.table, STREAM, f"task-{task_id}")
        (untouched,) = waiting_files(world.table, STREAM, f"task-{other}")
        assert (stopped.deadline, untouched.deadline) == (world.now, world.now + 600)
        assert next(item["LSK"] for item in world.listed(keys.ALL_WAITING)) == keys.by_time(world.now, FILE.file_id)
    assert "at(2027-01-15T08:00:35)" in [each["ScheduleExpression"] for each in world.scheduler.requests]


def test_a_file_that_is_being_ended_is_left_to_the_tick(world: World) -> None:
    task_id = world.task()
    world.table.update(waits(world, f"task-{task_id}").ending())
    world.act("StopRecordTask", TaskId=task_id)
    assert [each.deadline for each in waiting_files(world.table, STREAM, f"task-{task_id}")] == [world.now + 600]


def test_a_file_waits_no_longer_than_its_recording_may_last() -> None:
    assert deadline_of(paused_at=1000.0, continue_seconds=60, ends_at=0.0) == 1060.0
    assert deadline_of(paused_at=1000.0, continue_seconds=60, ends_at=1030.0) == 1030.0
    assert deadline_of(paused_at=1000.0, continue_seconds=0, ends_at=0.0) == 1000.0


def pauses(world: World, deadline: float) -> str:
    """The message that tells that the recorder has paused a file, which waits until `deadline`."""
    waiting = replace(waits(world, REPORT.recording_id), deadline=deadline)
    world.table.put(waiting.put_away())
    return world.report(told=Status(event=StatusEvent.PAUSED))


def test_the_tick_is_woken_when_a_file_s_time_to_wait_is_over_once(world: World, woken: None) -> None:
    message = pauses(world, deadline=1_800_000_570.0)
    for _ in range(2):
        take(world.table, message, now=world.now)
    assert [each["ScheduleExpression"] for each in world.scheduler.schedules.values()] == ["at(2027-01-15T08:10:00)"]


@pytest.mark.parametrize(
    "told",
    [Status(event=StatusEvent.ENDED), Status(event=StatusEvent.RESUMED)],
    ids=["it has ended", "it goes on"],
)
def test_for_what_does_not_wait_nobody_is_woken(told: Status, world: World, woken: None) -> None:
    pauses(world, deadline=1_800_000_570.0)
    take(world.table, world.report(told=told), now=world.now)
    assert world.scheduler.requests == []


def test_a_report_that_comes_late_wakes_nobody(world: World, woken: None) -> None:
    message = pauses(world, deadline=1_800_000_570.0)
    world.table.delete(waiting_files(world.table, STREAM, REPORT.recording_id)[0].ended())
    take(world.table, message, now=world.now)
    take(world.table, pauses(world, deadline=world.now - 600), now=world.now)
    assert world.scheduler.requests == []


def test_a_schedule_that_cannot_be_made_keeps_no_report_back(world: World, woken: None) -> None:
    world.callbacks()
    world.scheduler.is_down = True
    take(world.table, pauses(world, deadline=1_800_000_570.0), now=world.now)
    assert [event["payload"]["record_event"] for event in world.events()] == ["record_paused"]
