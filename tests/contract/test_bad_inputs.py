"""Every action meets every wrong input that its contract allows to think of: the exact code, and nothing is changed."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.bad_inputs import BadInput, Fault, bad_inputs
from tests.conflicts import CONFLICTS, Conflict
from tests.fakes.table import FakeTable
from tests.in_process import ACTIONS, answer_to
from tests.known_key import made_in
from tests.sdk_values import REQUIRED, SERVICES
from tests.table_invariants import without_counts

pytestmark = pytest.mark.usefixtures("in_memory")
SERVICE_OF = {action: service for service, action in ACTIONS}


def refusal(service: str, action: str, fields: Mapping[str, Any], *, is_older: bool = False) -> tuple[str, str]:
    """Code and message; both empty where the request was carried out."""
    answer = answer_to(service, action, fields, now=time.time(), is_older=is_older)
    error = answer.get("Error", {"Code": "", "Message": ""})
    return error["Code"], error["Message"]


def fault_found(service: str, bad: BadInput, action: str, *, is_older: bool) -> str:
    """What is wrong with the refusal of a wrong input, or nothing."""
    code, message = refusal(service, action, bad.fields, is_older=is_older)
    is_named = message.startswith((f"{bad.path}: ", f"{bad.path}."))
    if code == bad.code and is_named:
        return ""
    return f"{bad.fault} {bad.path} {str(bad.fields)[:100]}: expected {bad.code}, got {code} {message[:100]}"


@pytest.mark.parametrize("is_older", [False, True], ids=["JSON", "query"])
@pytest.mark.parametrize(("service", "action"), ACTIONS)
def test_every_wrong_input_of_an_action_is_refused_by_its_code(
    store: FakeTable, service: str, action: str, is_older: bool
) -> None:
    wrong = [bad for bad in bad_inputs(service, action) if not (is_older and bad.fault is Fault.NOT_TEXT)]
    found = [fault_found(service, bad, action, is_older=is_older) for bad in wrong]
    assert list(filter(None, found)) == []
    assert made_in(store) == {}


@pytest.mark.parametrize("action", SERVICE_OF)
def test_of_every_action_it_is_written_down_what_it_requires_and_what_conflicts(action: str) -> None:
    assert action in REQUIRED, "name in tests/sdk_values.py what the wire requires of it"
    assert action in CONFLICTS, "say in tests/conflicts.py which requests conflict with something, or that none does"


CASES = [pytest.param(name, each, id=f"{name}: {each.why}") for name in CONFLICTS for each in CONFLICTS[name]]


@pytest.mark.parametrize(("action", "conflict"), CASES)
def test_a_request_that_conflicts_with_something_is_refused_and_changes_nothing(
    store: FakeTable, action: str, conflict: Conflict
) -> None:
    now = time.time()
    for earlier, fields in conflict.before:
        earlier_answer = answer_to(SERVICE_OF[earlier], earlier, conflict.at(now, fields), now=now)
        assert "Error" not in earlier_answer, earlier_answer
    before = without_counts(made_in(store))
    assert refusal(SERVICE_OF[action], action, conflict.at(now, conflict.fields))[0] == conflict.code
    assert without_counts(made_in(store)) == before


def test_no_conflict_is_told_of_an_action_that_is_not_there() -> None:
    assert set(CONFLICTS) | set(REQUIRED) <= {name for each in SERVICES.values() for name in each.actions}
