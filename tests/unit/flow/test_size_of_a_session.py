"""A session's item stays far below the 400 KB that a table's item may have, however many tasks its stream has."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.attribute_values import encode
from chalicelib.live import task_start
from chalicelib.live.concurrent_recordings import spans_of
from chalicelib.live.task_errors import MaximumRunningTask
from chalicelib.live.task_items import MOST_ORDERS, key_of
from tests.fakes.world import World

FORMATS = ("Flv", "Hls", "Mp4", "Aac", "Mp3")
MOST_BYTES = 200_000
"""Half of what DynamoDB takes: 100 KB more are for what is untold."""
ENDED = {"state": "ended", "files": 1, "file_id": "5000000000000000042"}
DAY = 86_400


def size_of(typed: Mapping[str, Any]) -> int:
    """Bytes of a typed value, by the rules that DynamoDB counts with."""
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value.strip("0.")) // 2 + 2
        case "M":
            return 3 + sum(len(name.encode()) + size_of(each) + 1 for name, each in value.items())
        case "L":
            return 3 + sum(size_of(each) + 1 for each in value)
        case _:
            return 1


def size_of_session(world: World) -> int:
    """The live session's item, after its recorder has said what came of each order that it knows."""
    (session,) = world.sessions()
    outcomes = {name: dict.fromkeys(order["formats"], ENDED) for name, order in session["orders"].items()}
    world.change(session["session_id"], outcomes=session["outcomes"] | outcomes)
    return size_of(encode(world.sessions()[0]))


def forget_what_is_over(world: World) -> None:
    """Tasks that ended an hour ago are no part of this, and the table in memory is read through whole."""
    for task in world.having("TaskId", "Stopped"):
        if task["EndTime"] < world.now - 3600:
            del world.table.items[key_of(task)], world.table.items[keys.task(task["TaskId"])]


def recorded_live(world: World) -> None:
    """A stream that is live, with a recorder that holds it to the end of the test."""
    world.publish()
    (session,) = world.sessions()
    world.change(session["session_id"], launches=1, launched_at=world.now)
    world.claim(session["session_id"], lease_seconds=10 * DAY)


@pytest.mark.parametrize(
    ("seconds", "pause_seconds", "hours"),
    [(30, 0, 1), (300, 0, 24), (300, 90, 24)],
    ids=["an hour of half minutes", "a day one after the other", "a day with pauses"],
)
def test_three_tasks_at_a_time_leave_an_item_that_is_small(
    world: World, seconds: int, pause_seconds: int, hours: int
) -> None:
    template_id = world.template(*FORMATS)
    recorded_live(world)
    begin, sizes, rounds = int(world.now), [], 0
    while world.now < begin + hours * 3600:
        for _ in range(3):
            world.task(seconds=seconds, TemplateId=template_id)
        world.now += seconds + pause_seconds
        rounds += 1
        if rounds % 30 == 0:
            sizes.append(size_of_session(world))
            forget_what_is_over(world)
    (session,) = world.sessions()
    assert max(sizes) < MOST_BYTES
    spans = spans_of(session, now=world.now)
    assert sum(end - first for first, end in spans) == pytest.approx(rounds * seconds, abs=1)
    assert len(spans) == (rounds if pause_seconds else 1)


def test_more_orders_than_an_item_holds_are_refused_when_their_tasks_are_made(world: World) -> None:
    template_id = world.template(*FORMATS)
    recorded_live(world)
    for _ in range(MOST_ORDERS):
        task_id = world.task(TemplateId=template_id)
        world.act("StopRecordTask", TaskId=task_id)
        world.now += 0.5
    with pytest.raises(MaximumRunningTask):
        world.task(TemplateId=template_id)
    (session,) = world.sessions()
    assert len(session["orders"]) == MOST_ORDERS
    assert size_of_session(world) < MOST_BYTES
    world.now += 1000
    world.task(TemplateId=template_id)


def test_tasks_to_come_are_refused_where_a_session_would_have_no_room_for_their_orders(world: World) -> None:
    start = int(world.now) + DAY
    for number in range(MOST_ORDERS):
        world.task(StartTime=start + number, seconds=DAY + number + 1)
    with pytest.raises(MaximumRunningTask, match="its orders"):
        world.task(StartTime=start + MOST_ORDERS, seconds=DAY + MOST_ORDERS + 1)
    world.task(StartTime=start + 3600, seconds=DAY + 7200)


def test_orders_that_are_too_long_for_the_item_wait_until_others_have_left(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(task_start, "MOST_ORDER_BYTES", 10_000)
    param = {"Enable": 1, "VodFileName": "\N{SNOWMAN}" * 255, "Procedure": "p" * 255}
    template_id = world.template(**{f"{name}Param": param for name in FORMATS})
    recorded_live(world)
    first, second = (world.task(seconds=2000, TemplateId=template_id) for _ in range(2))
    assert list(world.sessions()[0]["orders"]) == [f"task-{first}"]
    assert "task_not_started" in capsys.readouterr().err
    world.act("StopRecordTask", TaskId=first)
    task_start.start_due(world.table, now=world.now + 60)
    assert list(world.sessions()[0]["orders"]) == [f"task-{first}"]
    task_start.start_due(world.table, now=world.now + 1000)
    assert list(world.sessions()[0]["orders"]) == [f"task-{second}"]
