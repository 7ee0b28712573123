"""What the tick does for streams that nobody may publish any more, at an origin that takes its time."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.errors import OriginDidNot
from chalicelib.ingest import origin_control
from chalicelib.live import domains, stream_control
from chalicelib.settings import settings
from tests.fakes.origin_api import SrsApi
from tests.fakes.serving import serving
from tests.fakes.world import HOOK, STREAM, World

DOMAINS = [f"d{number}.example.com" for number in range(3)]
TICK_SECONDS = 55.0
"""`lambda_timeout` of the tick in .chalice/config.json."""


@pytest.fixture
def origin(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SrsApi]:
    """An origin that drops nobody: it does not know our password."""
    origin_control.credentials.cache_clear()
    srs = SrsApi(credentials="admin:another")
    with serving(srs.application()) as url:
        monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
        settings.cache_clear()
        yield srs
    origin_control.credentials.cache_clear()


def forbidden(world: World) -> None:
    """Three disabled domains with four live streams each, and a live stream of another that is forbidden."""
    for domain in DOMAINS:
        world.act("AddLiveDomain", DomainName=domain, DomainType=0)
        world.act("ModifyLivePushAuthKey", DomainName=domain, Enable=0)
        for number in range(4):
            world.publish(replace(HOOK, stream=replace(STREAM, domain=domain, stream=f"s{number}")))
        with pytest.raises(OriginDidNot):
            world.act("ForbidLiveDomain", DomainName=domain)
    world.publish()
    with pytest.raises(OriginDidNot):
        world.act("ForbidLiveStream", DomainName=STREAM.domain, AppName=STREAM.app, StreamName=STREAM.stream)


def test_disabled_domains_leave_the_forbidden_streams_their_time_where_the_origin_does_not_answer(
    world: World, origin: SrsApi
) -> None:
    forbidden(world)
    origin.asked.clear()

    def clock() -> float:
        return len(origin.asked) * settings().origin_control_seconds

    domains.sweep(world.table, now=world.now, clock=clock)
    by_domains = clock()
    stream_control.sweep(world.table, now=world.now, clock=clock)
    assert by_domains <= TICK_SECONDS / 4
    assert by_domains < clock() <= TICK_SECONDS / 2


def test_a_domain_is_swept_no_more_when_its_time_is_over_though_sweeping_fails(
    world: World, origin: SrsApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forbidden(world)

    def fail(**_: object) -> None:
        raise RuntimeError("Parameter Store is down")

    monkeypatch.setattr(world, "get_parameters", fail)
    origin_control.credentials.cache_clear()
    for seconds, marked in ((0.0, 3), (stream_control.SWEPT_SECONDS + 1, 0)):
        world.now += seconds
        domains.sweep(world.table, now=world.now)
        assert len(world.listed(keys.ALL_SWEPT)) == marked
    assert capsys.readouterr().err.count('"domain_not_swept"') == 2 * len(DOMAINS)
