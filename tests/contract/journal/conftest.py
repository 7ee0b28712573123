"""A table for the journal: its double and, through the recorder's own client, moto's DynamoDB."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib import keys
from chalicelib.settings import Settings
from chalicelib.table import Put, Table
from recorder_task.aws.connect import connected
from tests.contract.journal.files import SESSION_ID
from tests.fakes.table import FakeTable
from tests.moto_table import create_table


@pytest.fixture
def lost() -> threading.Event:
    """Set by a journal that finds another recorder at work."""
    return threading.Event()


@contextmanager
def on_moto(name: str) -> Iterator[Table]:
    """The recorder's own client on moto's server, with a table of this name."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    create_table(boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1"), name)
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": endpoint}
    try:
        with connected(Settings(table_name=name), environment) as (_, table):
            yield table
    finally:
        server.stop()


@pytest.fixture(params=["moto", "fake"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """Each of the two, with a session in its second epoch."""
    with on_moto(f"journal-{abs(hash(request.node.name))}") if request.param == "moto" else _fake() as made:
        made.put(Put(key=keys.session(SESSION_ID), item={"epoch": 1}))
        yield made


@contextmanager
def _fake() -> Iterator[Table]:
    yield FakeTable()
