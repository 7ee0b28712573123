"""A stream that goes and returns: what its next publish is to record, and under which id."""

from chalicelib import keys
from chalicelib.ingest.hooks import PublishHook, UnpublishHook
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.waiting import WaitingFile, deadline_of, waiting_files
from tests.fakes.world import FILE, HOOK, STREAM, World


def come(world: World, client_id: str) -> PublishHook:
    """One more push of the stream."""
    hook = PublishHook(stream=STREAM, client_id=client_id, client_ip=HOOK.client_ip, param="", node="o1")
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
    file = OpenFile(
        file_id=FILE.file_id,
        format=RecordFormat.HLS,
        epoch=1,
        session_id=FILE.session_id,
        stream=STREAM,
        stream_param="",
        recording_id=recording_id,
        template_id=1,
        task_id="",
        order=FormatOrder(),
        began_at=world.now - 60,
        media_start_ms=0,
    )
    waiting = WaitingFile(file=file, paused_at=world.now, deadline=world.now + 600)
    world.table.put(waiting.put_away())
    return waiting


def test_a_task_that_is_stopped_waits_for_its_stream_no_longer(world: World) -> None:
    task_id, other = world.task(), world.task()
    for each in (task_id, other):
        waits(world, f"task-{each}")
    for _ in range(2):
        world.act("StopRecordTask", TaskId=task_id)
        (stopped,) = waiting_files(world.table, STREAM, f"task-{task_id}")
        (untouched,) = waiting_files(world.table, STREAM, f"task-{other}")
        assert (stopped.deadline, untouched.deadline) == (world.now, world.now + 600)
        assert next(item["LSK"] for item in world.listed(keys.ALL_WAITING)) == keys.by_time(world.now, FILE.file_id)


def test_a_file_that_is_being_ended_is_left_to_the_tick(world: World) -> None:
    task_id = world.task()
    world.table.update(waits(world, f"task-{task_id}").ending())
    world.act("StopRecordTask", TaskId=task_id)
    assert [each.deadline for each in waiting_files(world.table, STREAM, f"task-{task_id}")] == [world.now + 600]


def test_a_file_waits_no_longer_than_its_recording_may_last() -> None:
    assert deadline_of(paused_at=1000.0, continue_seconds=60, ends_at=0.0) == 1060.0
    assert deadline_of(paused_at=1000.0, continue_seconds=60, ends_at=1030.0) == 1030.0
    assert deadline_of(paused_at=1000.0, continue_seconds=0, ends_at=0.0) == 1000.0
