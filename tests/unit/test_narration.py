"""Log lines as a person reads them."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.narration import narrate

AT = 1_790_000_000.25
CLOCK = time.strftime("%H:%M:%S", time.localtime(AT))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        pytest.param(
            {"event": "matched", "session_id": "s1", "stream": "d/a/s", "rule": "d/a/", "template": 7},
            "matched               d/a/s  rule=d/a/  template=7",
            id="the stream first, no ids nobody reads",
        ),
        pytest.param(
            {
                "event": "file_ready",
                "stream": "d/a/s",
                "seconds": 8.0804,
                "file_id": "5",
                "format": "flv",
                "task_id": "",
            },
            "file ready            d/a/s  flv  5  seconds=8.08",
            id="format and file before the rest, nothing empty",
        ),
        pytest.param(
            {"event": "callback_parked", "stream": "d/a/s", "status": 0, "error": "no answer"},
            "callback PARKED       d/a/s  status=0  error=no answer",
            id="a zero is a value",
        ),
    ],
)
def test_an_event_is_told_in_one_line(facts: Mapping[str, Any], told: str) -> None:
    assert narrate(json.dumps({"time": AT, **facts})) == f"{CLOCK}  {told}"


@pytest.mark.parametrize(
    "line",
    ["", "START RequestId: 1", "[1, 2]", '{"event": "something_else"}', '{"no": "event"}'],
    ids=["nothing", "the runtime's own", "a list", "an event that is not told", "no event"],
)
def test_other_lines_are_not_told(line: str) -> None:
    assert narrate(line) is None
