"""A publish told twice, at one moment, or over another: one session is live, and what was displaced comes back."""

from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.table import ConditionFailed, Write
from tests.fakes.world import BEGIN, GONE, HOOK, World


def test_a_publish_told_twice_is_one_session_with_one_recorder(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.publish()
    assert len(world.sessions()) == 1
    assert len(world.ecs.tasks) == 1
    assert [event["event_type"] for event in world.events()] == [1]


def test_two_hooks_of_one_publish_at_one_moment_are_one_session(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    transact, others = world.table.transact, [HOOK]

    def overtaken(*writes: Write) -> None:
        if others:
            world.publish(others.pop())
        transact(*writes)

    world.table.transact = overtaken  # type: ignore[method-assign]  # the other hook comes between reading and writing
    world.publish()
    assert len(world.sessions()) == 1
    assert len(world.ecs.tasks) == 1
    assert len(world.events()) == 1


def test_a_stream_published_over_and_over_at_one_moment_is_refused_in_the_end(world: World) -> None:
    def refuse(*writes: Write) -> None:
        raise ConditionFailed([1])

    world.table.transact = refuse  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="5 times at once"):
        world.publish()


def test_a_publish_repeated_after_a_crash_before_the_launch_launches(world: World) -> None:
    world.rule(world.template("Flv"))
    world.ecs.is_down = True
    world.publish()
    (session,) = world.sessions()
    assert session["end_reason"] == "not launched: ECS is down"
    assert session["retry_at"] == BEGIN + 30


def test_a_newer_publish_of_the_stream_replaces_the_older(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.now += 5
    world.publish(replace(HOOK, client_id="c2"))
    old, new = world.sessions()
    assert old["unpublished_at"] == BEGIN + 5
    assert "unpublished_at" not in new
    assert [item["session_id"] for item in world.listed(keys.ALL_ONLINE)] == [new["session_id"]]
    told = {event["event_id"]: event["payload"]["errmsg"] for event in world.events()}
    assert told == {
        f"{old['session_id']}-1": "ok",
        f"{old['session_id']}-0": "21.102 replaced by a newer push",
        f"{new['session_id']}-1": "ok",
    }


def test_an_unpublish_of_a_replaced_connection_is_harmless(world: World) -> None:
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish()
    assert "unpublished_at" not in world.sessions()[-1]
    assert len(world.listed(keys.ALL_ONLINE)) == 1


def test_a_publisher_that_the_origin_turned_away_gives_the_stream_back(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.now += 1
    world.unpublish(replace(GONE, client_id="c2"))
    first, second, again = world.sessions()
    assert "unpublished_at" in first
    assert "unpublished_at" in second
    assert (again["client_id"], again["stream_param"]) == ("c1", HOOK.param)
    assert len(world.ecs.tasks) == 3
    world.unpublish()
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 3


def test_a_publisher_that_came_back_on_a_new_connection_leaves_for_good(world: World) -> None:
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish()
    world.unpublish()
    world.unpublish(replace(GONE, client_id="c2"))
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 2


def test_a_publisher_whose_recorder_saw_its_end_is_not_waited_for(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.end(session_id, "source ended")
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish(replace(GONE, client_id="c2"))
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 2


def test_a_connection_numbered_like_an_earlier_one_is_another_if_that_was_recorded_to_its_end(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.end(session_id)
    world.publish()
    assert len(world.sessions()) == 2


def test_a_publisher_whose_recorder_had_nothing_left_to_record_is_waited_for(world: World) -> None:
    world.task(seconds=60)
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.now += 61
    world.end(session_id, "nothing left to record")
    world.publish()
    assert len(world.sessions()) == 1
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish(replace(GONE, client_id="c2"))
    assert [item["client_id"] for item in world.listed(keys.ALL_ONLINE)] == ["c1"]
    assert len(world.sessions()) == 3
