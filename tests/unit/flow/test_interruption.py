"""A stream that goes and returns: what its next publish is to record, and under which id."""

from chalicelib.ingest.hooks import PublishHook, UnpublishHook
from tests.fakes.world import HOOK, STREAM, World


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
