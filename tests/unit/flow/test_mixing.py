"""Mixed streams: what is recorded of the inputs and of the mixed picture, by rules and by tasks."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from chalicelib.ingest.hooks import PublishHook, is_mixed
from chalicelib.live.task_start import start_due
from tests.fakes.world import BEGIN, GONE, HOOK, STREAM, World

ENCODER = replace(HOOK, client_id="encoder", param="x=1")
OVER_A = replace(HOOK, client_id="mixer", param="output_stream_type=0")
MIXER_GONE = replace(GONE, client_id="mixer")


def recorded(world: World) -> list[tuple[str, set[str]]]:
    """The client of each session and the ids of its recordings."""
    return [(session["client_id"], set(session["orders"])) for session in world.sessions()]


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ("output_stream_type=0", True),
        ("output_stream_type=1", True),
        ("?a=b&output_stream_type=1", True),
        ("", False),
        ("output_stream_type=", False),
        ("output_stream_type=2", False),
        ("x=output_stream_type%3D1", False),
    ],
)
def test_a_mixer_is_known_by_its_push_url(param: str, expected: bool) -> None:
    assert is_mixed(param) is expected


def test_under_a_new_name_inputs_and_mix_are_each_recorded(world: World) -> None:
    world.rule(world.template("Flv"))
    for name, param in (("a", ""), ("b", ""), ("c", "output_stream_type=1")):
        world.publish(replace(HOOK, stream=replace(STREAM, stream=name), client_id=name, param=param))
    assert recorded(world) == [(name, {"template-1"}) for name in ("a", "b", "c")]


def test_over_an_input_s_name_the_mixed_picture_is_what_is_recorded_and_the_input_comes_back(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish(ENCODER)
    world.now += 10
    world.publish(OVER_A)
    encoder, mixer = world.sessions()
    assert ("unpublished_at" in encoder, "unpublished_at" in mixer) == (True, False)
    world.now += 10
    world.unpublish(MIXER_GONE)
    assert recorded(world) == [(name, {"template-1"}) for name in ("encoder", "mixer", "encoder")]
    ends = {event["event_id"]: event["payload"]["errmsg"] for event in world.events() if event["event_type"] == 0}
    assert ends == {
        f"{encoder['session_id']}-0": "21.102 replaced by a newer push",
        f"{mixer['session_id']}-0": ends[f"{mixer['session_id']}-0"],
    }


TASKS: Mapping[int, str] = {0: "whoever publishes", 1: "the mixed picture alone"}


@pytest.mark.parametrize("stream_type", TASKS, ids=list(TASKS.values()))
def test_a_task_may_be_for_the_mixed_picture_alone(world: World, stream_type: int) -> None:
    task_id = world.task(StreamType=stream_type)
    world.publish(ENCODER)
    world.publish(OVER_A)
    task = {f"task-{task_id}"}
    assert recorded(world) == [("encoder", set() if stream_type else task), ("mixer", task)]


@pytest.mark.parametrize("hook", [ENCODER, OVER_A], ids=["encoder", "mixer"])
def test_a_task_made_in_mid_stream_looks_at_who_publishes(world: World, hook: PublishHook) -> None:
    world.publish(hook)
    task_id = world.task(StreamType=1)
    world.now = BEGIN + 60
    start_due(world.table, now=world.now)
    expected = {f"task-{task_id}"} if hook is OVER_A else set()
    assert recorded(world) == [(world.sessions()[0]["client_id"], expected)]
