"""`seq` and `sequence`: a receiver that gets events in any order, or twice, can put them as they happened."""

from dataclasses import replace

import pytest

from chalicelib.notify import events
from chalicelib.recording import created_objects, session
from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.settings import Settings
from recorder_task.session.control import AlreadyClaimed, Control
from recorder_task.telling.reporter import Reporter
from tests.fakes.world import BEGIN, FILE, HOOK, REPORT, World

ENDED = Status(event=StatusEvent.ENDED)


def test_the_events_of_a_session_sort_by_seq_into_the_order_in_which_they_happened(world: World) -> None:
    world.template("Hls")
    world.rule(1)
    world.callbacks()
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    told = [
        world.report(report_id=f"{session_id}-1-9", session_id=session_id, told=ENDED, sequence=1_800_000_061_001),
        world.finish(FILE, session_id=session_id),
        world.report(REPORT, session_id=session_id),
    ]
    world.now = BEGIN + 60.6
    world.unpublish()
    for message in told:
        created_objects.take(world.table, message, now=world.now + 5)
    in_order = sorted(world.events(), key=lambda event: int(event["payload"]["seq"]))
    assert [event["event_type"] for event in in_order] == [1, 332, 100, 0, 332]


def test_both_events_of_a_publish_bear_its_sequence_and_the_next_publish_a_greater_one(world: World) -> None:
    world.callbacks()
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))  # at the same millisecond: the first one is replaced
    world.unpublish()
    world.now += 0.002
    world.publish(replace(HOOK, client_id="c3"))
    sequences = {session["session_id"]: int(events.sequence_of(session)) for session in world.sessions()}
    told = [(event["session_id"], int(event["payload"]["sequence"])) for event in world.events()]
    assert sorted(told) == sorted([*sequences.items(), *list(sequences.items())[:2]])
    first, second, third = sequences.values()
    assert first != second
    assert max(first, second) < third
    assert all(len(str(each)) == 19 for each in sequences.values())


def test_the_end_of_a_publish_follows_its_beginning_though_two_functions_clocks_differ() -> None:
    item = session.opened(
        "5" * 32, HOOK, {}, decision={"rules": [], "tasks": []}, pull_base="rtmp://origin", now=BEGIN
    ).item
    stopped = events.push_stopped(item, events.CLIENT_CLOSED, app_id=1, now=BEGIN - 3).payload
    started = events.push_started(item, app_id=1).payload
    assert int(stopped["seq"]) == int(started["seq"]) + 1
    assert stopped["push_duration"] == "1"


class Reports:
    """Where recorders put their reports."""

    def __init__(self) -> None:
        self.written: list[Report] = []

    def put(self, key: str, body: object, *, content_type: str, only_if_absent: bool = False) -> object:
        assert isinstance(body, bytes)
        self.written.append(Report.from_json(body))
        return None


def test_a_recorder_that_takes_over_goes_on_counting_though_its_clock_is_behind(world: World) -> None:
    """It cannot take over before its own clock has passed the lease, and who holds no lease says nothing."""
    world.template("Hls")
    world.rule(1)
    world.publish()
    session_id, reports = world.sessions()[0]["session_id"], Reports()
    clocks = {"first": BEGIN, "second": BEGIN - 20}

    def recorder(name: str) -> tuple[SessionOrders, Reporter]:
        control = Control(world.table, session_id, Settings(lease_seconds=30.0), lambda: clocks[name])
        orders = control.claim()
        return orders, Reporter(reports, orders, lambda: clocks[name], lambda: control.holds_lease)

    def tell(reporter: Reporter, event: StatusEvent) -> None:
        reporter.status(event, RecordFormat.HLS, recording_id="template-1", task_id="")

    _, first = recorder("first")
    tell(first, StatusEvent.START_SUCCEEDED)
    clocks["first"] += 29.999
    tell(first, StatusEvent.PAUSED)
    first.close()
    clocks["second"] += 29.999
    with pytest.raises(AlreadyClaimed):
        recorder("second")
    clocks["second"] = BEGIN + 30
    orders, second = recorder("second")
    tell(second, StatusEvent.RESUMED)
    second.close()
    assert orders.epoch == 2
    assert [each.told for each in sorted(reports.written, key=lambda each: each.sequence)] == [
        Status(event=StatusEvent.START_SUCCEEDED),
        Status(event=StatusEvent.PAUSED),
        Status(event=StatusEvent.RESUMED),
    ]
    assert len({each.sequence for each in reports.written}) == 3
