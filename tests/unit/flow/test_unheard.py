"""Publishers whose end no hook told: their sessions end when the origin knows them no more."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest import origin_control
from chalicelib.recording.supervision import tend
from chalicelib.recording.unheard import end_those_gone
from chalicelib.settings import settings
from tests.fakes.origin_api import SrsApi
from tests.fakes.serving import serving
from tests.fakes.world import HOOK, World


@pytest.fixture
def origin(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SrsApi]:
    """The origin's HTTP API; HOOK's connection is there."""
    origin_control.credentials.cache_clear()
    srs = SrsApi(clients={HOOK.client_id})
    with serving(srs.application()) as url:
        monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
        settings.cache_clear()
        yield srs
    settings.cache_clear()


def given_up(world: World, dialect: str = "srs") -> None:
    """A recorded stream whose recorders failed for the last time."""
    world.callbacks()
    world.rule(world.template("Flv"))
    world.publish(replace(HOOK, dialect=dialect))
    (session,) = world.sessions()
    world.change(session["session_id"], recorder_ended_at=world.now, end_reason="source failed", failures=3)
    world.now += 60


def test_a_publisher_that_is_gone_is_unpublished_by_the_tick(world: World, origin: SrsApi) -> None:
    given_up(world)
    origin.clients.clear()
    tend(world.table, now=world.now)
    assert world.sessions()[0]["unpublished_at"] == world.now
    assert world.listed(keys.ALL_ONLINE) == []
    (stopped,) = [event["payload"] for event in world.events() if event["event_type"] == 0]
    assert stopped["errcode"] == 8
    tend(world.table, now=world.now + 60)
    assert world.listed(keys.ALL_OPEN) == []
    assert origin.asked == ["GET /api/v1/clients/c1"]


def test_a_publisher_that_is_there_stays(world: World, origin: SrsApi) -> None:
    given_up(world)
    tend(world.table, now=world.now)
    assert "unpublished_at" not in world.sessions()[0]
    assert origin.clients == {"c1"}


def test_an_origin_that_does_not_answer_proves_nothing(world: World, origin: SrsApi) -> None:
    given_up(world)
    origin.credentials = "admin:another"
    tend(world.table, now=world.now)
    assert "unpublished_at" not in world.sessions()[0]


def test_an_origin_that_cannot_be_asked_proves_nothing(world: World, origin: SrsApi) -> None:
    given_up(world, dialect="nginx-rtmp")
    tend(world.table, now=world.now)
    assert "unpublished_at" not in world.sessions()[0]
    assert origin.asked == []


def test_an_origin_that_holds_every_question_up_holds_up_nothing_else(world: World, origin: SrsApi) -> None:
    given_up(world)
    late = iter([0.0, 16.0])
    end_those_gone(world.table, world.sessions(), now=world.now, clock=late.__next__)
    assert origin.asked == []


def test_nobody_is_asked_for_while_recorders_are_tried(world: World, origin: SrsApi) -> None:
    given_up(world)
    world.change(world.sessions()[0]["session_id"], failures=1, retry_at=world.now + 60)
    origin.clients.clear()
    tend(world.table, now=world.now)
    assert origin.asked == []
