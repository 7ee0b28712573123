"""Reports that stand in a session's item: told by whoever comes after its recorder, and once."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.recording import created_objects, naming
from chalicelib.recording.push_report import PushReport
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.supervision import recorder_stopped, tend
from chalicelib.recording.untold import UntoldReport, as_attribute
from tests.fakes.ecs import detail
from tests.fakes.mortal import Killed, Life
from tests.fakes.table import FakeTable
from tests.fakes.world import REPORT, STREAM, World

PAUSED = replace(
    REPORT, report_id=f"{'5' * 32}-1-8", sequence=REPORT.sequence + 1, told=Status(event=StatusEvent.PAUSED)
)


def untold(*reports: Report, beyond: int = 0) -> Any:
    listed = [UntoldReport(naming.report_key(each.report_id), each.to_json()) for each in reports]
    return as_attribute(listed, beyond=beyond)


def told(world: World) -> list[str]:
    """What was told of recordings, in the order of its numbers."""
    payloads = sorted((event["payload"] for event in world.events()), key=lambda payload: int(payload["seq"]))
    return [payload["record_event"] for payload in payloads if "record_event" in payload]


def tick(world: World, seconds: float = 60) -> None:
    world.now += seconds
    tend(world.table, now=world.now)


@pytest.fixture
def session_id(world: World) -> str:
    """A session whose recorder has claimed it and has something to tell."""
    world.callbacks()
    world.rule(world.template("Hls"))
    world.publish()
    session_id = str(world.sessions()[0]["session_id"])
    world.claim(session_id)
    world.change(session_id, untold=untold(REPORT, PAUSED))
    return session_id


def test_a_recorder_that_stopped_has_it_told_once_though_the_objects_come_late(world: World, session_id: str) -> None:
    world.end(session_id)
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert told(world) == ["record_start_succeeded", "record_paused"]
    assert "untold" not in world.session(session_id)
    created_objects.take(world.table, world.report(PAUSED), now=world.now + 5)
    assert told(world) == ["record_start_succeeded", "record_paused"]


def test_the_tick_tells_it_of_who_is_lost_and_leaves_it_to_who_lives(world: World, session_id: str) -> None:
    tick(world, 20)
    assert told(world) == []
    tick(world, 20)
    assert told(world) == ["record_start_succeeded", "record_paused"]
    assert "untold" not in world.session(session_id)


def test_a_session_is_not_let_go_of_before_all_is_told(
    world: World, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.unpublish()
    world.end(session_id)
    with monkeypatch.context() as gone:
        gone.delattr(FakeTable, "put")
        recorder_stopped(world.table, detail(session_id), now=world.now)
        tick(world)
    assert {"untold", "LPK"} <= world.session(session_id).keys()
    tick(world)
    assert {"untold", "LPK"} & world.session(session_id).keys() == set()
    assert told(world) == ["record_start_succeeded", "record_paused"]


def test_who_gives_a_session_up_tells_first_what_was_left(world: World, session_id: str) -> None:
    (recording_id,) = world.session(session_id)["orders"]
    world.change(session_id, outcomes={recording_id: {"hls": {"state": "recording"}}}, failures=2)
    world.unpublish()
    world.left_open(session_id)
    world.now += 20
    recorder_stopped(world.table, detail(session_id), now=world.now)
    assert told(world) == ["record_start_succeeded", "record_paused", "record_error", "record_ended"]
    assert {"untold", "LPK"} & world.session(session_id).keys() == set()


def test_what_nobody_can_read_keeps_nothing_else_from_being_told(
    world: World, session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    attribute = untold(REPORT, PAUSED, beyond=7)
    attribute["reports"][0]["content"] = "{}"
    world.change(session_id, untold=attribute)
    tick(world)
    assert told(world) == ["record_paused"]
    assert "untold" not in world.session(session_id)
    lines = capsys.readouterr().err
    assert '"event":"report_lost"' in lines
    assert '"event":"reports_beyond"' in lines
    assert '"count":7' in lines


def test_a_report_of_the_push_is_told_as_such(world: World, session_id: str) -> None:
    report = PushReport(
        report_id=f"{session_id}-1-9",
        stream=STREAM,
        session_id=session_id,
        at=1.0,
        interval_seconds=1,
        abnormalities=(),
    )
    world.act("ModifyLiveCallbackTemplate", TemplateId=1, PushExceptionNotifyUrl="https://example.com/push")
    entry = UntoldReport(naming.push_report_key(report.report_id), report.to_json())
    world.change(session_id, untold=as_attribute([entry], beyond=0))
    tick(world)
    assert [event["event_type"] for event in world.events()].count(321) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 16))
def test_wherever_the_function_dies_the_tick_tells_the_rest(
    world: World, session_id: str, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    world.unpublish()
    world.end(session_id)
    life = Life(at, when)
    with monkeypatch.context() as dying:
        dying.setattr(aws, "client", lambda service: life.of(world.client(service)))
        with suppress(Killed):
            recorder_stopped(life.of(world.table), detail(session_id), now=world.now)
    tick(world)
    tick(world)
    assert told(world) == ["record_start_succeeded", "record_paused"]
    assert {"untold", "LPK"} & world.session(session_id).keys() == set()
