"""A publish over a live name: the origin is asked whether the first publisher is there before it is replaced."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest import origin_control
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.ingest.hooks import PublishRefused
from chalicelib.recording import rivals, session
from chalicelib.settings import settings
from tests.fakes.origin_api import SrsApi
from tests.fakes.serving import serving
from tests.fakes.world import BEGIN, GONE, HOOK, World

SECOND, THIRD = replace(HOOK, client_id="c2"), replace(HOOK, client_id="c3")
SECOND_GONE, THIRD_GONE = replace(GONE, client_id="c2"), replace(GONE, client_id="c3")
MIXER, MIXER_GONE = replace(HOOK, client_id="m", param="output_stream_type=0"), replace(GONE, client_id="m")


def ask_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    origin_control.credentials.cache_clear()
    monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
    settings.cache_clear()


@pytest.fixture
def origin(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SrsApi]:
    """The origin's HTTP API; HOOK's connection is there."""
    srs = SrsApi(clients={HOOK.client_id})
    with serving(srs.application()) as url:
        ask_at(monkeypatch, url)
        yield srs


def live_clients(world: World) -> list[str]:
    return [item["client_id"] for item in world.listed(keys.ALL_ONLINE)]


def test_a_second_publisher_is_refused_while_the_origin_knows_the_first_which_is_recorded_on(
    world: World, origin: SrsApi
) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    for _ in range(3):
        world.now += 10
        with pytest.raises(PublishRefused, match="its publisher c1 is connected") as refusal:
            world.publish(SECOND)
        assert not isinstance(refusal.value, NotAdmitted)  # that would be told as event 0
        world.unpublish(SECOND_GONE)
    assert [each.get("unpublished_at") for each in world.sessions()] == [None]
    assert len(world.ecs.tasks) == 1
    assert [event["event_type"] for event in world.events()] == [1]
    assert origin.asked == ["GET /api/v1/clients/c1"] * 3


def test_a_publisher_that_returns_before_its_old_end_is_told_is_let_in(world: World, origin: SrsApi) -> None:
    world.publish()
    origin.clients.clear()
    world.publish(SECOND)
    assert live_clients(world) == ["c2"]
    assert origin.asked == ["GET /api/v1/clients/c1"]


def test_a_publisher_whose_old_end_is_told_while_the_origin_is_asked_is_let_in(
    world: World, origin: SrsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def still_there(*args: object, **kwargs: object) -> bool:
        world.unpublish()
        return True

    monkeypatch.setattr(origin_control, "is_connected", still_there)
    world.publish()
    world.publish(SECOND)
    assert live_clients(world) == ["c2"]
    assert len(world.sessions()) == 2


def test_a_stream_that_is_not_live_and_a_hook_told_twice_ask_nothing(world: World, origin: SrsApi) -> None:
    world.publish()
    world.publish()
    world.unpublish()
    world.publish(SECOND)
    assert origin.asked == []


def test_a_publish_that_is_not_admitted_asks_nothing(world: World, origin: SrsApi) -> None:
    world.publish()
    world.act("AddLiveDomain", DomainName=HOOK.stream.domain, DomainType=0)  # from now on it wants signatures
    with pytest.raises(NotAdmitted):
        world.publish(SECOND)
    assert origin.asked == []


def test_an_origin_that_holds_the_question_up_holds_the_publish_up_for_about_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rivals.ASKING_SECONDS <= 1
    monkeypatch.setattr(rivals, "ASKING_SECONDS", 0.1)
    world.publish()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ask_at(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        world.publish(SECOND)
    assert time.monotonic() - began < 2  # ORIGIN_CONTROL_SECONDS is 5
    assert live_clients(world) == ["c2"]


def no_url(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    ask_at(monkeypatch, "")
    return "srs"


def nobody_there(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    ask_at(monkeypatch, "http://127.0.0.1:1")
    return "srs"


def parameter_store_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    def fail(**_: object) -> None:
        raise RuntimeError("Parameter Store is down")

    monkeypatch.setattr(world, "get_parameters", fail)
    ask_at(monkeypatch, "http://127.0.0.1:1")
    return "srs"


def tells_nothing_of_connections(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    ask_at(monkeypatch, "http://127.0.0.1:1")
    return "nginx-rtmp"


@pytest.mark.parametrize("why", [no_url, nobody_there, parameter_store_is_down, tells_nothing_of_connections])
def test_where_the_origin_cannot_be_asked_a_name_changes_hands_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch, why: Callable[[World, pytest.MonkeyPatch], str]
) -> None:
    dialect = why(world, monkeypatch)
    world.publish(replace(HOOK, dialect=dialect))
    world.publish(replace(SECOND, dialect=dialect))
    assert live_clients(world) == ["c2"]
    world.now += 1
    world.unpublish(SECOND_GONE)  # the origin has turned it away
    assert live_clients(world) == ["c1"]
    world.now += session.KEPT_BY_ITS_PUBLISHER_SECONDS - 1
    with pytest.raises(PublishRefused, match="changed hands"):
        world.publish(replace(THIRD, dialect=dialect))
    world.unpublish(THIRD_GONE)
    assert live_clients(world) == ["c1"]
    world.now += 1
    world.publish(replace(THIRD, dialect=dialect))
    assert live_clients(world) == ["c3"]


def test_a_second_encoder_that_tries_for_ever_leaves_the_first_recorded_most_of_the_time(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    seconds_of_others = 0.0
    for number in range(30):
        world.now += 10
        client = f"x{number}"
        try:
            world.publish(replace(HOOK, client_id=client))
        except PublishRefused:
            continue
        world.now += 8  # a publish is held that long
        seconds_of_others += 8
        world.unpublish(replace(GONE, client_id=client))
    assert seconds_of_others / (world.now - BEGIN) < 0.15
    assert len(world.ecs.tasks) <= 2 * (world.now - BEGIN) / session.KEPT_BY_ITS_PUBLISHER_SECONDS + 1
    assert live_clients(world) == ["c1"]


def test_a_try_while_the_one_before_waits_for_its_answer_does_not_lose_the_first_publisher(world: World) -> None:
    world.publish()
    world.publish(SECOND)
    with pytest.raises(PublishRefused):
        world.publish(THIRD)
    world.unpublish(SECOND_GONE)
    assert live_clients(world) == ["c1"]


def test_a_publisher_whose_forerunner_was_heard_to_go_may_return_at_once(world: World) -> None:
    world.publish()
    world.publish(SECOND)
    world.unpublish()
    world.publish(THIRD)
    assert live_clients(world) == ["c3"]


def test_a_mixer_takes_a_name_over_without_a_question_and_as_often_as_it_likes(world: World, origin: SrsApi) -> None:
    world.publish()
    for _ in range(2):
        world.publish(MIXER)
        assert live_clients(world) == ["m"]
        world.unpublish(MIXER_GONE)
        assert live_clients(world) == ["c1"]
    assert origin.asked == []


def test_an_encoder_may_return_at_once_behind_a_mixer_where_the_origin_cannot_be_asked(world: World) -> None:
    world.publish()
    world.publish(MIXER)
    world.unpublish(MIXER_GONE)
    world.publish(SECOND)
    assert live_clients(world) == ["c2"]
