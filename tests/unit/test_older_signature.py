"""HmacSHA1 and HmacSHA256 among the parameters: as captured from the official SDK, and as they are forged."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import parse_qsl

import pytest

from chalicelib.api.older_signature import string_to_sign, verify
from chalicelib.errors import ApiError, SecretIdNotFound
from tests.captured_requests import CapturedRequest, captured

SIGNED_AT = 1795163844.0
Parameters: TypeAlias = list[tuple[str, str]]


def secrets_of(secret_id: str) -> Sequence[str]:
    """The newer secret first, as while a key is rotated."""
    if secret_id != "AKIDtestEXAMPLE":
        raise SecretIdNotFound
    return ["newer", "test"]


def parameters_of(request: CapturedRequest) -> Parameters:
    return parse_qsl(request.query or request.body.decode(), keep_blank_values=True)


def verified(method: str, host: str, parameters: Parameters, *, now: float = SIGNED_AT) -> str:
    return verify(method, host, parameters, secret_keys=secrets_of, now=now, window_seconds=300)


def code_of(parameters: Parameters, *, now: float = SIGNED_AT, method: str = "GET") -> str:
    with pytest.raises(ApiError) as refused:
        verified(method, captured("03").headers["host"], parameters, now=now)
    return refused.value.code


def changed(**values: str | None) -> Parameters:
    kept = [(name, value) for name, value in parameters_of(captured("03")) if name not in values]
    return kept + [(name, value) for name, value in values.items() if value is not None]


@pytest.mark.parametrize("number", ["03", "04"], ids=["HmacSHA256, GET", "HmacSHA1, POST"])
def test_a_captured_request_is_verified(number: str) -> None:
    request = captured(number)
    parameters = parameters_of(request)
    assert string_to_sign(request.method, request.headers["host"], parameters) == request.signing["string_to_sign"]
    assert verified(request.method, request.headers["host"], parameters) == "AKIDtestEXAMPLE"


def test_parameters_in_another_order_are_the_same_request() -> None:
    assert verified("GET", "127.0.0.1:14080", parameters_of(captured("03"))[::-1]) == "AKIDtestEXAMPLE"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: changed(TemplateId="8"), "AuthFailure.SignatureFailure"),
        (lambda: changed(Action="DeleteRecordTask"), "AuthFailure.SignatureFailure"),
        (lambda: [*changed(), ("Action", "DeleteRecordTask")], "AuthFailure.SignatureFailure"),
        (lambda: [*changed(), ("TemplateId", "8")], "AuthFailure.SignatureFailure"),
        (lambda: changed(AppName=None), "AuthFailure.SignatureFailure"),
        (lambda: changed(SignatureMethod="HmacSHA1"), "AuthFailure.SignatureFailure"),
        (lambda: changed(SignatureMethod=None), "AuthFailure.SignatureFailure"),
        (lambda: changed(SignatureMethod="none"), "AuthFailure.InvalidAuthorization"),
        (lambda: changed(SignatureMethod="md5"), "AuthFailure.InvalidAuthorization"),
        (lambda: changed(Signature=""), "MissingParameter"),
        (lambda: changed(Signature="é"), "AuthFailure.SignatureFailure"),
        (lambda: changed(SecretId=None), "MissingParameter"),
        (lambda: changed(SecretId="AKIDother"), "AuthFailure.SecretIdNotFound"),
        (lambda: changed(Timestamp=None), "MissingParameter"),
        (lambda: changed(Timestamp="soon"), "AuthFailure.InvalidAuthorization"),
        (lambda: changed(Timestamp="1795163543"), "AuthFailure.SignatureExpire"),
        (lambda: changed(Timestamp="1795163543.0"), "AuthFailure.InvalidAuthorization"),
    ],
    ids=[
        "a value",
        "the action",
        "a second action",
        "a second value",
        "one less",
        "the method",
        "no method is SHA1",
        "a method that is none",
        "a weaker method",
        "an empty signature",
        "a signature of other letters",
        "no key",
        "an unknown key",
        "no time",
        "a word for a time",
        "an old time",
        "a time with a point",
    ],
)
def test_a_forged_request_is_refused(change: Callable[[], Parameters], code: str) -> None:
    assert code_of(change()) == code


def test_a_request_of_another_method_or_host_is_refused() -> None:
    assert code_of(changed(), method="POST") == "AuthFailure.SignatureFailure"
    with pytest.raises(ApiError):
        verified("GET", "127.0.0.1:14081", changed())


@pytest.mark.parametrize(("seconds", "is_in_window"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_timestamp_may_lie_five_minutes_from_our_clock_each_way(seconds: float, is_in_window: bool) -> None:
    if is_in_window:
        assert verified("GET", "127.0.0.1:14080", changed(), now=SIGNED_AT + seconds)
    else:
        assert code_of(changed(), now=SIGNED_AT + seconds) == "AuthFailure.SignatureExpire"
