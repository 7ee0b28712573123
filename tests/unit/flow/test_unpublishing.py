"""An unpublish: what is closed and told; without a publish, twice, or while it is held."""

from chalicelib import keys
from tests.fakes.world import BEGIN, World


def test_an_unpublish_ends_the_session_and_tells_it(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.now += 12.5
    world.unpublish()
    (session,) = world.sessions()
    assert session["unpublished_at"] == BEGIN + 12.5
    assert world.listed(keys.ALL_ONLINE) == []
    assert world.listed(keys.ALL_OPEN) == [session]
    stopped = next(event for event in world.events() if event["event_type"] == 0)
    assert stopped["payload"]["push_duration"] == "12500"
    assert [message.event_id for message in world.sqs.take()] == [f"{session['session_id']}-{n}" for n in (1, 0)]


def test_a_session_nothing_records_is_closed_by_its_unpublish(world: World) -> None:
    world.publish()
    world.unpublish()
    assert world.listed(keys.ALL_OPEN) == []


def test_an_unpublish_without_a_publish_and_one_told_twice_are_harmless(world: World) -> None:
    world.callbacks()
    world.unpublish()
    world.publish()
    world.unpublish()
    world.now += 1
    world.unpublish()
    (session,) = world.sessions()
    assert session["unpublished_at"] == BEGIN
    assert [event["event_type"] for event in world.events()] == [0, 1]


def test_a_publisher_that_leaves_while_it_is_held_is_let_go(world: World) -> None:
    world.rule(world.template("Flv"))
    world.ecs.on_start = lambda session_id: world.unpublish()
    world.publish()
    assert world.sessions()[0]["unpublished_at"] == BEGIN
