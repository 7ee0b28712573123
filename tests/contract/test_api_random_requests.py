"""Requests made at random of what the contracts allow and what not: answered, or refused by a code of the wire."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.handlers.api import LIVE, VOD
from tests.sdk import Field, Sdk, now
from tests.sdk_values import REQUIRED, own_value, request_fields

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.integers(1, 5),
    st.builds(lambda distance: now() + distance, st.integers(-10, 90_000)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=300),
    st.sampled_from(
        ["../x", "流" * 300, "\0", "{Colour}", "http://127.0.0.1", "9999-12-31T23:59:59Z", "=a", "a" * 2000]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def value_of(field: Field) -> st.SearchStrategy[Any]:
    own = st.integers(1, 3).map(lambda number: own_value(field, number))
    if field.fields and field.kind == "struct":
        own = st.fixed_dictionaries({}, optional={inner.name: value_of(inner) for inner in field.fields})
    return st.one_of(own, own, VALUES)


def request_of(service: str, action: str) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    fields = {field.name: value_of(field) for field in request_fields(service, action)}
    required = {name: fields[name] for name in REQUIRED.get(action, [])}
    optional = {name: fields[name] for name in fields if name not in required}
    return st.tuples(st.just(action), st.just(service), st.fixed_dictionaries(required, optional=optional))


REQUESTS = st.one_of(
    *(request_of("live", action) for action in LIVE.actions), *(request_of("vod", action) for action in VOD.actions)
)


def outcome(sdk: Sdk, action: str, service: str, fields: dict[str, Any]) -> str:
    try:
        sdk.raw(action, service, **fields)
    except TencentCloudSDKException as refused:
        return str(refused.code)
    return "ok"


@settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request=REQUESTS)
def test_no_request_is_our_failure(sdk: Sdk, request: tuple[str, str, dict[str, Any]]) -> None:
    assert outcome(sdk, *request) != "InternalError"
