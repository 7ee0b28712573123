"""One stack for all end-to-end tests of a run, on free ports, with its state in a directory that goes away."""

from collections.abc import Iterator

import pytest

from infra.local.running import StackFacts
from tests.e2e.stack import Stack

HURRIED = {"CALLBACK_RETRY_SECONDS": "1"}
"""Waits of minutes that the tests do not sit through."""


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with an operator's views."""
    stack = Stack(tmp_path_factory.mktemp("stack"), HURRIED)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def stack(running: Stack) -> StackFacts:
    """The stack as a customer knows it."""
    return running.address
