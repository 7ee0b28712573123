"""The functions' log lines as they are followed."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.local import function_logs
from infra.local.function_logs import FunctionLogs


class FakeLogs:
    """Log groups in a dict; one that is not there is not found, and None is an emulator that does not answer."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]] | None] = {}

    def get_paginator(self, operation: str) -> "FakeLogs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> Any:
        if logGroupName not in self.groups:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        events = self.groups[logGroupName]
        if events is None:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")
        return [{"events": [each for each in events if each["timestamp"] >= startTime]}]


def event(message: str, *, at: float, stream: str = "1") -> dict[str, Any]:
    return {"logStreamName": stream, "timestamp": int(at * 1000), "message": f"{message}\n"}


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    monkeypatch.setattr(function_logs, "POLL_SECONDS", 0.001)
    return FakeLogs()


def followed(logs: FakeLogs) -> list[str]:
    """What is told of the groups between a start and a stop that follow each other."""
    lines: list[str] = []
    follower = FunctionLogs(logs, ["api", "tick"], lines.append)
    later = time.time() + 1
    for events in logs.groups.values():
        for each in events or []:
            each["timestamp"] += int(later * 1000)
    follower.start()
    follower.stop()
    return lines


def test_lines_of_all_functions_are_told_once_in_the_order_of_their_times(logs: FakeLogs) -> None:
    logs.groups = {
        "/aws/lambda/api": [event("first", at=0), event("third", at=2)],
        "/aws/lambda/tick": [event("second", at=1)],
    }
    assert followed(logs) == ["first", "second", "third"]


def test_the_same_words_of_two_workers_are_two_lines(logs: FakeLogs) -> None:
    logs.groups = {"/aws/lambda/api": [event("same", at=0, stream="1"), event("same", at=0, stream="2")]}
    assert followed(logs) == ["same", "same"]


def test_a_function_that_has_not_run_and_an_emulator_that_has_gone_are_no_trouble(logs: FakeLogs) -> None:
    logs.groups = {"/aws/lambda/api": None}
    assert followed(logs) == []
