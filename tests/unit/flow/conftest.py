"""The world of these tests, put where the code finds AWS."""

from collections.abc import Iterator

import pytest

from chalicelib import aws
from chalicelib.handlers import api
from chalicelib.ingest import origin_control
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver, callback_receiver
from tests.fakes.origin_api import SrsApi
from tests.fakes.permissions import AsFunction, Permissions
from tests.fakes.serving import serving
from tests.fakes.world import World


@pytest.fixture(autouse=True)
def short_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loopback is allowed, waits are short: but for those that a loaded machine may need."""
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "1")
    monkeypatch.setenv("CALLBACK_TIMEOUT_SECONDS", "10")
    monkeypatch.setenv("HOLD_SECONDS", "0.2")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, short_settings: None) -> World:
    """Everything in memory."""
    made = World()
    monkeypatch.setattr(aws, "client", made.client)
    monkeypatch.setattr(aws, "table", lambda: made.table)
    return made


@pytest.fixture
def session_id(world: World) -> str:
    """A live session whose recorder is on its way."""
    world.rule(world.template("Flv"))
    world.publish()
    return str(world.sessions()[0]["session_id"])


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    """A customer's server."""
    with callback_receiver() as running:
        yield running


@pytest.fixture
def as_function(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[AsFunction]:
    """Reaches AWS with the permissions of a function, from then on; nothing is remembered from before."""
    monkeypatch.setenv("SCHEDULE_TARGET_ARN", "arn:aws:lambda:us-east-1:000000000000:function:tick")
    monkeypatch.setenv("KEY_CACHE_SECONDS", "1")  # of another length than any test's before: secrets are read anew
    remembered = (settings, api.services, origin_control.credentials)

    def take_role(name: str) -> Permissions:
        permissions = Permissions.of_function(name)
        monkeypatch.setattr(aws, "table", lambda: permissions.of("table", world.table))
        monkeypatch.setattr(aws, "client", lambda service: permissions.of(service, world.client(service)))
        return permissions

    for each in remembered:
        each.cache_clear()
    yield take_role
    for each in remembered:
        each.cache_clear()


@pytest.fixture
def empty_origin() -> Iterator[str]:
    """The control URL of an origin to which nobody is connected."""
    with serving(SrsApi().application()) as url:
        yield url
