"""Ten thousand requests made at random of what the contracts allow and what not, valid signatures all of them.

Each is answered, or refused by a code of the wire; none is our failure, one that is refused changes nothing, and after
each the table holds together. Between them streams are published and end.
"""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import aws
from chalicelib.api.moments import iso_text
from chalicelib.ingest.hooks import PublishRefused, UnpublishHook
from chalicelib.recording import publishing
from chalicelib.recording.stream import StreamRef
from tests.conflicts import CALLBACK_RULE, CALLBACK_TEMPLATE, PUSH_DOMAIN, RULE, TEMPLATE
from tests.fakes.ecs import FakeEcs
from tests.fakes.scheduler import FakeScheduler
from tests.fakes.sqs import FakeSqs
from tests.fakes.ssm import FakeSsm
from tests.fakes.table import FakeTable
from tests.fakes.world import HOOK
from tests.in_process import ACTIONS, answer_to
from tests.known_key import made_in, put_key
from tests.sdk import Field, now
from tests.sdk_values import REQUIRED, own_value, request_fields
from tests.table_invariants import faults_of, without_counts

EXAMPLES, REQUESTS_EACH = 500, 20
CODE = re.compile(r"[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?")
STREAMS = st.builds(StreamRef, domain=st.just("push.example.com"), app=st.just("live"), stream=st.sampled_from("ab"))
DONE_IN_PART = "FailedOperation.CallOtherSvrFailed"
"""The origin could not be reached: what was written stands, and the tick goes on with it."""
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["../x", "流" * 300, "\0", "{Colour}", "http://127.0.0.1", "9999-12-31T23:59:59Z", "=a", "a" * 2000, [], {}]
    ),
)
FURNITURE: list[tuple[str, dict[str, Any]]] = [
    TEMPLATE,
    TEMPLATE,
    RULE,
    CALLBACK_TEMPLATE,
    CALLBACK_RULE,
    PUSH_DOMAIN,
]
"""What there is before the first of the requests."""
DISTANCES = st.sampled_from([-86_400, -10, 0, 10, 60, 3600, 90_000])


class KnownTask(NamedTuple):
    """In the place of a TaskId: that of a task made earlier."""

    number: int


RIGHT = {
    "AppName": st.sampled_from(["live", "live", ""]),
    "DomainName": st.sampled_from(["push.example.com", "push.example.com", "b.example.com"]),
    "StreamName": st.sampled_from("aab"),
    "TaskId": st.builds(KnownTask, st.integers(0, 3)),
    "TemplateId": st.integers(0, 4),
    "FileIds": st.lists(st.sampled_from("123"), min_size=1, max_size=3),
    "Filters": st.just(["basicInfo"]),
    "PageNum": st.integers(1, 2),
    "PageSize": st.integers(10, 20),
    "Limit": st.integers(0, 20),
    "Offset": st.integers(0, 20),
    "PlayType": st.integers(1, 3),
    "DomainType": st.integers(0, 1),
    "Categories": st.just(["Video"]),
    "StorageClasses": st.just(["STANDARD"]),
    "Status": st.just(["Normal"]),
    "ReviewResults": st.just(["pass"]),
    "ResumeTime": DISTANCES.map(lambda distance: iso_text(now() + distance)),
}
"""Values by the name of their field, such that requests meet each other's traces."""


def right_value(field: Field) -> st.SearchStrategy[Any]:
    if field.name in RIGHT:
        return RIGHT[field.name]
    if field.kind == "struct":
        return st.fixed_dictionaries({}, optional={each.name: right_value(each) for each in field.fields[:3]})
    if field.name.endswith("Time") and field.kind == "int":
        return DISTANCES.map(lambda distance: now() + distance)
    if field.name in ("StartTime", "EndTime", "After", "Before"):
        return DISTANCES.map(lambda distance: iso_text(now() + distance))
    if field.name.startswith("Is") or field.name in ("Enable", "DomainStatus", "StreamType"):
        return st.integers(0, 1)
    return st.just(own_value(field, 1))


class Request(NamedTuple):
    """A request of the API."""

    service: str
    action: str
    fields: dict[str, Any]
    is_older: bool


class Publishing(NamedTuple):
    """What an origin tells of a stream."""

    stream: StreamRef
    begins: bool


def request_of(service: str, action: str) -> st.SearchStrategy[Request]:
    """Mostly right as it stands; else with one field spoiled, or one that the action does not have."""
    names = {field.name: right_value(field) for field in request_fields(service, action)}
    required = {name: names[name] for name in REQUIRED.get(action, ())}
    optional = {name: names[name] for name in names if name not in required}
    spoiled = st.dictionaries(st.sampled_from([*names, "Colour"]), SCALARS, min_size=1, max_size=1)
    fields = st.builds(
        lambda right, is_spoiled, wrong: {**right, **wrong} if is_spoiled else right,
        st.fixed_dictionaries(required, optional=optional),
        st.sampled_from([False, False, True]),
        spoiled,
    )
    return st.builds(Request, st.just(service), st.just(action), fields, st.booleans())


REQUESTS = st.one_of(*(request_of(service, action) for service, action in ACTIONS))
STEPS = st.tuples(st.builds(Publishing, STREAMS, st.booleans()) | st.none(), REQUESTS)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> FakeTable:
    """A table behind the API, emptied before each example; the other services are doubles too."""
    monkeypatch.setenv("HOLD_SECONDS", "0")
    monkeypatch.setenv("KEY_CACHE_SECONDS", "1000000")
    table, ssm = FakeTable(), FakeSsm()
    clients = {"ssm": ssm, "ecs": FakeEcs(), "sqs": FakeSqs(), "scheduler": FakeScheduler()}
    monkeypatch.setattr(aws, "table", lambda: table)
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    put_key(table, ssm)
    return table


def tell(table: FakeTable, publish: Publishing, at: float) -> None:
    hook = replace(HOOK, stream=publish.stream)
    with suppress(PublishRefused):
        if publish.begins:
            publishing.publish(table, hook, now=at)
        else:
            publishing.unpublish(table, UnpublishHook(stream=hook.stream, client_id=hook.client_id), now=at)


def known(value: Any, tasks: list[int | str]) -> Any:
    """The value that is sent: a task's place becomes the id of the task, where there is one."""
    if not isinstance(value, KnownTask):
        return value
    return tasks[value.number % len(tasks)] if tasks else "0" * 32


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a failure names its request as it is: to shrink twenty of them takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEPS, min_size=REQUESTS_EACH, max_size=REQUESTS_EACH))
def test_no_request_is_our_failure_and_none_leaves_half_a_change(
    table: FakeTable, steps: list[tuple[Publishing | None, Request]]
) -> None:
    for key in list(made_in(table)):
        del table.items[key]
    for action, right in FURNITURE:
        assert "Error" not in answer_to("live", action, right, now=now())
    tasks: list[int | str] = []
    for number, (publish, request) in enumerate(steps):
        at = now() + number / 10
        if publish is not None:
            tell(table, publish, at)
        before = without_counts(made_in(table))
        fields = {name: known(value, tasks) for name, value in request.fields.items()}
        answer = answer_to(request.service, request.action, fields, now=at, is_older=request.is_older)
        tasks += [answer["TaskId"]] if "TaskId" in answer else []
        code = answer.get("Error", {}).get("Code", "ok")
        assert code == "ok" or (CODE.fullmatch(code) and code != "InternalError"), (code, request)
        assert code in ("ok", DONE_IN_PART) or without_counts(made_in(table)) == before, (code, request)
        assert faults_of(made_in(table)) == [], request
