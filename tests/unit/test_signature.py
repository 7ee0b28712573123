"""TC3 signatures: requests captured from the official SDK are verified, what was changed on the way is refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from chalicelib.api.signature import SignedRequest, Verified, verify
from chalicelib.errors import ApiError, SecretIdNotFound, SignatureFailure
from tests.captured_requests import captured

SIGNED = {"01": "live", "02": "live", "05": "vod", "06": "vod", "09": "live", "10": "live", "11": "live"}
SIGNED_AT = 1795163844.0


def request_of(number: str) -> SignedRequest:
    request = captured(number)
    return SignedRequest(method=request.method, queries=[request.query], headers=request.headers, body=request.body)


def secrets_of(secret_id: str) -> Sequence[str]:
    """The newer secret first, as while a key is rotated."""
    if secret_id != "AKIDtestEXAMPLE":
        raise SecretIdNotFound
    return ["newer", "test"]


def verified(request: SignedRequest, *, service: str = "live", now: float = SIGNED_AT) -> Verified:
    return verify(request, service=service, secret_keys=secrets_of, now=now, window_seconds=300)


def code_of(request: SignedRequest, *, service: str = "live", now: float = SIGNED_AT) -> str:
    with pytest.raises(ApiError) as refused:
        verified(request, service=service, now=now)
    return refused.value.code


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    return replace(request, headers={**request.headers, name: value})


def with_authorization(change: Callable[[str], str]) -> SignedRequest:
    request = request_of("01")
    return with_header(request, "authorization", change(request.headers["authorization"]))


@pytest.mark.parametrize(("number", "service"), SIGNED.items())
def test_a_captured_request_is_verified(number: str, service: str) -> None:
    request = request_of(number)
    expected = Verified(secret_id="AKIDtestEXAMPLE", query=request.queries[0])
    assert verified(request, service=service) == expected


@pytest.mark.parametrize("number", ["02", "06", "11"])
def test_a_query_in_several_possible_forms_is_verified_in_the_form_that_was_signed(number: str) -> None:
    request = request_of(number)
    (sent,) = request.queries
    guessed = replace(request, queries=["wrong=1", sent])
    assert verified(guessed, service=SIGNED[number]).query == sent


@pytest.mark.parametrize(
    "tampered",
    [
        lambda request: replace(request, body=request.body.replace(b"1800", b"1801")),
        lambda request: replace(request, body=request.body + b" "),
        lambda request: replace(request, method="GET"),
        lambda request: replace(request, queries=["a=1"]),
        lambda request: replace(request, queries=[]),
        lambda request: with_header(request, "host", "127.0.0.1:14081"),
        lambda request: with_header(request, "content-type", "application/json; charset=utf-8"),
        lambda request: with_header(request, "x-tc-timestamp", "1795163845"),
    ],
    ids=["body", "a-space-more", "method", "query", "no-query", "host", "content-type", "timestamp"],
)
def test_a_request_changed_on_the_way_is_refused(tampered: Callable[[SignedRequest], SignedRequest]) -> None:
    assert code_of(tampered(request_of("01"))) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("e8e0", "e8e1"), "AuthFailure.SignatureFailure"),
        (lambda text: text.replace("2026-11-20", "2026-11-21"), "AuthFailure.SignatureFailure"),
        (lambda text: text.replace("/live/", "/vod/"), "AuthFailure.SignatureFailure"),
        (lambda text: text.replace("content-type;host", "host"), "AuthFailure.SignatureFailure"),
        (lambda text: text.replace("AKIDtestEXAMPLE", "AKIDother"), "AuthFailure.SecretIdNotFound"),
        (lambda text: text.replace("TC3-HMAC-SHA256", "HmacSHA1"), "AuthFailure.InvalidAuthorization"),
        (lambda text: text[:-1], "AuthFailure.InvalidAuthorization"),
        (lambda text: text + "0", "AuthFailure.InvalidAuthorization"),
        (lambda text: text.replace("/tc3_request", ""), "AuthFailure.InvalidAuthorization"),
        (lambda text: "SKIP", "AuthFailure.InvalidAuthorization"),
        (lambda text: "", "AuthFailure.InvalidAuthorization"),
    ],
    ids=["signature", "date", "service", "host-only", "key", "algorithm", "short", "long", "scope", "skip", "unsigned"],
)
def test_a_wrong_authorization_is_refused(change: Callable[[str], str], code: str) -> None:
    assert code_of(with_authorization(change)) == code


def test_a_credential_for_the_other_service_is_refused() -> None:
    assert code_of(request_of("01"), service="vod") == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(("now", "is_in_window"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_timestamp_may_lie_five_minutes_from_our_clock_each_way(now: float, is_in_window: bool) -> None:
    if is_in_window:
        assert verified(request_of("01"), now=SIGNED_AT + now)
    else:
        assert code_of(request_of("01"), now=SIGNED_AT + now) == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        ("", "MissingParameter"),
        ("soon", "AuthFailure.InvalidAuthorization"),
        ("-1", "AuthFailure.InvalidAuthorization"),
        ("1" * 30, "AuthFailure.InvalidAuthorization"),
        ("١٧٩٥١٦٣٨٤٤", "AuthFailure.InvalidAuthorization"),
        ("99999999999", "AuthFailure.SignatureExpire"),
    ],
)
def test_a_timestamp_that_is_none_is_refused(timestamp: str, code: str) -> None:
    assert code_of(with_header(request_of("01"), "x-tc-timestamp", timestamp)) == code


def test_a_payload_that_is_not_signed_is_refused_unless_that_is_allowed() -> None:
    request = request_of("08")
    assert code_of(request) == "AuthFailure.SignatureFailure"
    allowed = verify(
        replace(request, body=b"anything"),
        service="live",
        secret_keys=secrets_of,
        now=SIGNED_AT,
        window_seconds=300,
        may_be_unsigned=True,
    )
    assert allowed.secret_id == "AKIDtestEXAMPLE"


def test_a_signed_payload_stays_signed_where_unsigned_ones_are_allowed() -> None:
    request = replace(request_of("01"), body=b"{}")
    with pytest.raises(SignatureFailure):
        verify(
            request,
            service="live",
            secret_keys=secrets_of,
            now=SIGNED_AT,
            window_seconds=300,
            may_be_unsigned=True,
        )


def test_a_header_value_may_be_signed_in_lower_case_as_the_documents_say() -> None:
    request = request_of("09")
    capital = with_header(request, "content-type", "Application/JSON")
    assert verified(capital).secret_id == "AKIDtestEXAMPLE"
