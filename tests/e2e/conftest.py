"""One stack for all end-to-end tests of a process, on free ports, with its state in a directory that goes away."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.running import StackFacts
from infra.local.settings import past_proxies
from tests.e2e.stack import Stack

HURRIED = {
    "CALLBACK_RETRY_SECONDS": "1",
    "CALLBACK_MAX_TRIES": "4",
    "CALLBACK_TIMEOUT_SECONDS": "4",
    "LAUNCH_LEAD_SECONDS": "15",
}
"""Waits of minutes that the tests do not sit through."""
FIGURES = pytest.StashKey[dict[str, float]]()
"""Seconds that were measured, by what they are: printed at the end of the run."""


def pytest_configure(config: pytest.Config) -> None:
    os.environ.update(past_proxies(os.environ))
    config.stash[FIGURES] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, seconds in config.stash[FIGURES].items():
        terminalreporter.write_line(f"measured: {name}: {seconds:.2f} s")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs tests beside another hands its figures to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = session.config.stash[FIGURES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take them."""
    node.config.stash[FIGURES].update(node.workeroutput.get("figures", {}))


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> dict[str, float]:
    """Where a test puts what it has measured."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, figures: dict[str, float]) -> Iterator[Stack]:
    """The stack with an operator's views."""
    stack = Stack(tmp_path_factory.mktemp("stack"), HURRIED)
    stack.start()
    figures["from nothing to a stack that is ready"] = stack.process.start_seconds
    yield stack
    stack.stop()


@pytest.fixture
def stack(running: Stack) -> StackFacts:
    """The stack as a customer knows it."""
    return running.address
