"""Dropping a publisher at the origin, against stand-ins that answer as SRS and nginx-rtmp do."""

from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from chalicelib.ingest import origin_control
from chalicelib.ingest.hooks import ControlFailed, Publisher
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from tests.fakes.origin_api import NginxControl, SrsApi
from tests.fakes.serving import serving
from tests.fakes.world import BEGIN, STREAM, World

PUBLISHER = Publisher(stream=STREAM, client_id="a1b2c3")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    origin_control.credentials.cache_clear()
    yield
    origin_control.credentials.cache_clear()


def control_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
    monkeypatch.setenv("ORIGIN_CONTROL_SECONDS", "0.5")
    settings.cache_clear()


def drop(dialect: str, publisher: Publisher = PUBLISHER) -> None:
    origin_control.drop(dialect, publisher, now=BEGIN)


def test_srs_drops_a_connection_by_its_id_and_one_that_has_gone_is_as_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    srs = SrsApi(clients={"a1b2c3", "another"})
    with serving(srs.application()) as url:
        control_at(monkeypatch, f"{url}/")
        drop("srs")
        drop("srs")
    assert srs.clients == {"another"}
    assert srs.asked == ["DELETE /api/v1/clients/a1b2c3"] * 2


def test_a_connection_id_cannot_lead_elsewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    srs = SrsApi()
    with serving(srs.application()) as url:
        control_at(monkeypatch, url)
        drop("srs", Publisher(stream=STREAM, client_id="../raw?rpc=reload#x"))
    assert srs.asked == ["DELETE /api/v1/clients/..%2Fraw%3Frpc%3Dreload%23x"]


def test_srs_is_told_the_password_that_lies_in_parameter_store(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.parameters["/tapedeck/origin-control"] = "admin:of the test"
    srs = SrsApi(clients={"a1b2c3"}, credentials="admin:of the test")
    with serving(srs.application()) as url:
        control_at(monkeypatch, url)
        drop("srs")
        assert srs.clients == set()
        origin_control.credentials.cache_clear()
        world.parameters["/tapedeck/origin-control"] = "admin:guessed"
        with pytest.raises(ControlFailed, match=r"^HTTP 401, code None$"):
            drop("srs")
    assert "of the test" not in "".join(capsys.readouterr())


def test_nginx_rtmp_drops_whoever_publishes_the_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nginx = NginxControl(publishers={("live", "room-7"), ("live", "another")})
    with serving(nginx.application()) as url:
        control_at(monkeypatch, f"{url}/control")
        drop("nginx-rtmp")
        drop("nginx-rtmp")
    assert nginx.publishers == {("live", "another")}
    assert nginx.asked == ["GET /control/drop/publisher?app=live&name=room-7"] * 2


def test_a_name_of_every_sign_that_a_query_holds_is_spelled_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a:b@c,d~e!$'()*;=/-._9Z"
    nginx = NginxControl(publishers={("live", name)})
    with serving(nginx.application()) as url:
        control_at(monkeypatch, f"{url}/control")
        drop("nginx-rtmp", Publisher(stream=StreamRef(domain=STREAM.domain, app="live", stream=name), client_id="1"))
    assert nginx.publishers == set()


@pytest.mark.parametrize("name", ["a&app=other", "直播", "a b", "a%26b"])
def test_a_name_that_nginx_rtmp_cannot_be_told_is_not_taken_for_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    nginx = NginxControl(publishers={("live", name)})
    with serving(nginx.application()) as url:
        control_at(monkeypatch, f"{url}/control")
        stream = StreamRef(domain=STREAM.domain, app="live", stream=name)
        with pytest.raises(ControlFailed):
            drop("nginx-rtmp", Publisher(stream=stream, client_id="1"))
    assert nginx.asked == []


async def redirected(request: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect("http://192.0.2.1/")


async def broken(request: web.Request) -> web.Response:
    return web.Response(text="<html>")


@pytest.mark.parametrize("answer", [redirected, broken], ids=["a redirect", "no JSON"])
@pytest.mark.parametrize("dialect", ["srs", "nginx-rtmp"])
def test_another_answer_is_a_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, dialect: str, answer: Handler
) -> None:
    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", answer)
    with serving(application) as url:
        control_at(monkeypatch, url)
        with pytest.raises(ControlFailed):
            drop(dialect)


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:1", "http://[::1", "nothing"], ids=["no setting", "nobody there", "no URL", "no host"]
)
def test_an_origin_that_cannot_be_reached_is_a_failure(world: World, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    control_at(monkeypatch, url)
    with pytest.raises(ControlFailed):
        drop("srs")
