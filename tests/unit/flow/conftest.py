"""The world of these tests, put where the code finds AWS."""

from collections.abc import Iterator

import pytest

from chalicelib import aws
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver, callback_receiver
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
