"""The API as its clients meet it: the official SDK over HTTP against the app in process."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from app import app
from chalicelib import aws
from chalicelib.handlers import api
from chalicelib.settings import settings
from tests.fakes.ecs import FakeEcs
from tests.fakes.ssm import FakeSsm
from tests.fakes.table import FakeTable
from tests.gateway import served
from tests.known_key import put_key
from tests.moto_table import create_table
from tests.sdk import Sdk

REMEMBERED = (settings, aws.client, aws.table, api.services)
"""What a process reads or builds once; each test has its own."""


@pytest.fixture(autouse=True)
def settings_of_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is remembered from one test to the next; tests are quicker than any customer, and not held up."""
    monkeypatch.setenv("REQUESTS_PER_SECOND", "100000")
    monkeypatch.setenv("TASK_REQUESTS_PER_SECOND", "100000")
    for each in REMEMBERED:
        each.cache_clear()
    yield
    for each in REMEMBERED:
        each.cache_clear()


@pytest.fixture
def store() -> FakeTable:
    """The table behind the API."""
    return FakeTable()


@pytest.fixture
def ssm() -> FakeSsm:
    """Where the secrets of keys lie."""
    return FakeSsm()


@pytest.fixture
def ecs() -> FakeEcs:
    """What was asked of ECS."""
    return FakeEcs()


@pytest.fixture
def in_memory(store: FakeTable, ssm: FakeSsm, ecs: FakeEcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS: the table, ECS and the keys are doubles."""
    clients: dict[str, Any] = {"ssm": ssm, "ecs": ecs}
    put_key(store, ssm)
    monkeypatch.setattr(aws, "table", lambda: store)
    monkeypatch.setattr(aws, "client", clients.__getitem__)


@pytest.fixture
def endpoint(in_memory: None) -> Iterator[str]:
    """`host:port` of the API behind its front."""
    with served(app) as address:
        yield address


@pytest.fixture
def bare_endpoint(in_memory: None) -> Iterator[str]:
    """`host:port` of an API whose front hands on neither host nor raw query."""
    with served(app, has_front=False) as address:
        yield address


@pytest.fixture
def sdk(endpoint: str) -> Sdk:
    """The official SDK with a key that is known."""
    return Sdk(endpoint)


@pytest.fixture(params=["memory", "moto"])
def any_sdk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sdk]:
    """The official SDK, once on the table in memory and once on moto's DynamoDB and SSM, as the functions use them."""
    if request.param == "memory":
        yield request.getfixturevalue("sdk")
        return
    monkeypatch.setenv("TABLE_NAME", "of-the-test")
    with mock_aws(), served(app) as address:
        create_table(aws.client("dynamodb"), "of-the-test")
        put_key(aws.table(), aws.client("ssm"))
        yield Sdk(address)
