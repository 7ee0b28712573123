"""Requests that are wrong in themselves: the wire's own error with HTTP 200, never a stack trace."""

import http.client
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws
from chalicelib.handlers import api
from tests.fakes.ssm import FakeSsm
from tests.fakes.table import FakeTable
from tests.known_key import made_in, put_key
from tests.sdk import SECRET_ID, SECRET_KEY, Sdk
from tests.sdk_values import own_values
from tests.signing import authorization

REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LIVE = {"X-TC-Action": "DescribeLiveRecordRules", "X-TC-Version": "2018-08-01"}


def sent(endpoint: str, method: str, headers: Mapping[str, str], body: bytes = b"", query: str = "") -> tuple[str, str]:
    """Code and message of the error in an answer, whose form is checked."""
    connection = http.client.HTTPConnection(endpoint, timeout=30)
    try:
        connection.request(method, f"/?{query}" if query else "/", body=body, headers=dict(headers))
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    answer = json.loads(text)["Response"]
    assert REQUEST_ID.fullmatch(answer["RequestId"])
    assert answer.keys() == {"Error", "RequestId"}, answer
    assert answer["Error"].keys() == {"Code", "Message"}
    assert "Traceback" not in text
    return answer["Error"]["Code"], answer["Error"]["Message"]


def signed(
    endpoint: str,
    headers: Mapping[str, str] = LIVE,
    body: bytes = b"{}",
    *,
    method: str = "POST",
    query: str = "",
    at: float | None = None,
    content_type: str = "application/json",
    service: str = "live",
) -> dict[str, str]:
    """Headers that sign a request, whatever is wrong with it otherwise."""
    timestamp = int(time.time() if at is None else at)
    all_headers = {"Host": endpoint, "Content-Type": content_type, "X-TC-Timestamp": str(timestamp), **headers}
    proof = authorization(
        method=method,
        query=query,
        headers={name.lower(): value for name, value in all_headers.items()},
        body=body,
        service=service,
        secret_id=SECRET_ID,
        secret_key=SECRET_KEY,
        timestamp=timestamp,
    )
    return {**all_headers, "Authorization": proof}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda endpoint: Sdk(endpoint, secret_key="other"), "AuthFailure.SignatureFailure"),
        (lambda endpoint: Sdk(endpoint, secret_id="AKIDother"), "AuthFailure.SecretIdNotFound"),
        (lambda endpoint: Sdk(endpoint, secret_id="../hook-secret"), "AuthFailure.InvalidAuthorization"),
        (lambda endpoint: Sdk(endpoint, secret_id="..%2Fhook-secret"), "AuthFailure.SecretIdNotFound"),
        (lambda endpoint: Sdk(endpoint, is_payload_unsigned=True), "AuthFailure.SignatureFailure"),
        (lambda endpoint: Sdk(endpoint, secret_key="other", sign_method="HmacSHA1"), "AuthFailure.SignatureFailure"),
        (
            lambda endpoint: Sdk(endpoint, secret_key="other", sign_method="HmacSHA256", method="GET"),
            "AuthFailure.SignatureFailure",
        ),
        (
            lambda endpoint: Sdk(endpoint, secret_id="AKIDother", sign_method="HmacSHA1", method="GET"),
            "AuthFailure.SecretIdNotFound",
        ),
    ],
    ids=[
        "wrong-secret",
        "unknown-key",
        "path-as-key",
        "escape-as-key",
        "unsigned-payload",
        "wrong-secret-sha1-form",
        "wrong-secret-sha256-query",
        "unknown-key-sha1-query",
    ],
)
def test_a_client_that_is_not_known_is_refused(endpoint: str, make: Callable[[str], Sdk], code: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        make(endpoint)("DescribeLiveRecordRules")
    assert refused.value.code == code


def test_an_unsigned_request_is_refused(endpoint: str) -> None:
    headers = {**LIVE, "Content-Type": "application/json"}
    assert sent(endpoint, "POST", headers, b"{}")[0] == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_says_nothing_is_refused(endpoint: str, method: str) -> None:
    code, message = sent(endpoint, method, {"Content-Type": "application/json"})
    assert (code, message) == ("MissingParameter", "X-TC-Version: this header is required.")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_request_of_another_time_is_refused(endpoint: str, seconds: int) -> None:
    headers = signed(endpoint, at=time.time() + seconds)
    assert sent(endpoint, "POST", headers, b"{}")[0] == "AuthFailure.SignatureExpire"


def test_a_body_that_was_changed_on_the_way_is_refused(endpoint: str) -> None:
    assert sent(endpoint, "POST", signed(endpoint), b'{"A":1}')[0] == "AuthFailure.SignatureFailure"


def test_a_query_that_was_changed_on_the_way_is_refused(endpoint: str) -> None:
    headers = signed(endpoint, body=b"", method="GET", query="PageNum=1")
    assert sent(endpoint, "GET", headers, query="PageNum=2")[0] == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("headers", "code", "named"),
    [
        ({"X-TC-Action": "DescribeNothing"}, "InvalidAction", "X-TC-Action"),
        ({"X-TC-Action": "SearchMedia"}, "InvalidAction", "X-TC-Action"),
        ({"X-TC-Action": ""}, "MissingParameter", "X-TC-Action"),
        ({"X-TC-Action": "x" * 5000}, "InvalidAction", "X-TC-Action"),
        ({"X-TC-Version": "2018-08-02"}, "NoSuchVersion", "X-TC-Version"),
        ({"X-TC-Version": "2018-07-17"}, "AuthFailure.SignatureFailure", "Authorization"),
    ],
    ids=["unknown", "of-the-other-service", "none", "long", "version", "version-of-the-other-service"],
)
def test_an_action_or_version_that_is_not_there_is_named(
    endpoint: str, headers: dict[str, str], code: str, named: str
) -> None:
    found, message = sent(endpoint, "POST", signed(endpoint, LIVE | headers), b"{}")
    assert (found, message.partition(":")[0]) == (code, named)
    assert len(message) < 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"A": NaN}', b"\xff\xfe", b'{"A": "\\ud800"}', b"[" * 50_000, b"{'A': 1}"],
    ids=["empty", "cut-off", "list", "null", "nan", "binary", "half-a-pair", "deep", "python"],
)
def test_json_that_is_not_json_is_refused(endpoint: str, body: bytes) -> None:
    assert sent(endpoint, "POST", signed(endpoint, body=body), body)[0] == "InvalidParameter"


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", "application/xml", "?", ""])
def test_another_content_type_is_refused(endpoint: str, content_type: str) -> None:
    headers = signed(endpoint, content_type=content_type)
    assert sent(endpoint, "POST", headers, b"{}")[0] == "UnsupportedProtocol"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_refused(endpoint: str, method: str) -> None:
    assert sent(endpoint, method, signed(endpoint, method=method), b"{}")[0] == "UnsupportedProtocol"


def test_a_body_over_a_megabyte_is_refused_and_one_below_is_read(endpoint: str) -> None:
    too_large = b'{"Description": "%s"}' % (b"x" * 1_000_000)
    assert sent(endpoint, "POST", signed(endpoint, body=too_large), too_large)[0] == "RequestSizeLimitExceeded"
    large = b'{"%s": 1}' % (b"x" * 999_000)
    code, message = sent(endpoint, "POST", signed(endpoint, body=large), large)
    assert (code, len(message) < 300) == ("UnknownParameter", True)


def test_a_form_is_read_like_a_query(endpoint: str) -> None:
    form = "application/x-www-form-urlencoded"
    body = b"FlvParam.Enable=2&TemplateName=t"
    headers = signed(endpoint, LIVE | {"X-TC-Action": "CreateLiveRecordTemplate"}, body, content_type=form)
    code, message = sent(endpoint, "POST", headers, body)
    assert (code, message.partition(":")[0]) == ("InvalidParameterValue", "FlvParam.Enable")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("TemplateId=seven", "InvalidParameterValue"),
        ("TemplateId=", "InvalidParameterValue"),
        ("TemplateId=1.5", "InvalidParameterValue"),
        ("TemplateId=" + "9" * 5000, "InvalidParameterValue"),
        ("TemplateId.0=1", "InvalidParameterValue"),
        ("TemplateId=1&TemplateId=1", "InvalidParameter"),
        ("TemplateId=%ff", "InvalidParameter"),
        ("Colour=red&TemplateId=1", "UnknownParameter"),
        ("Colour=red", "MissingParameter"),
        ("TemplateId=1", "FailedOperation.NotFound"),
    ],
)
def test_a_query_that_is_wrong_is_refused(endpoint: str, query: str, code: str) -> None:
    action = LIVE | {"X-TC-Action": "DescribeLiveRecordTemplate"}
    headers = signed(endpoint, action, b"", method="GET", query=query)
    assert sent(endpoint, "GET", headers, query=query)[0] == code


def test_names_that_are_too_long_are_refused_and_leave_nothing(sdk: Sdk, store: FakeTable) -> None:
    huge: dict[str, Any] = {"DomainName": "x" * 5000, "AppName": "y" * 5000, "StreamName": "z" * 5000}
    for action, fields in {
        "CreateLiveRecordRule": {"TemplateId": 1},
        "DeleteLiveRecordRule": {},
        "CreateRecordTask": {"EndTime": int(time.time()) + 60},
        "DescribeLiveStreamState": {},
    }.items():
        with pytest.raises(TencentCloudSDKException) as refused:
            sdk(action, **(huge | fields))
        assert refused.value.code.startswith("InvalidParameter")
    assert made_in(store) == {}


def test_our_own_failure_is_told_without_its_inside(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class BrokenTable(FakeTable):
        def query(self, partition: str, **how: Any) -> Any:
            raise RuntimeError("the secret of the inside")

    broken = BrokenTable()
    put_key(broken, aws.client("ssm"))
    monkeypatch.setattr(aws, "table", lambda: broken)
    api.services.cache_clear()
    code, message = sent(endpoint, "POST", signed(endpoint), b"{}")
    assert (code, message) == ("InternalError", "An internal error occurred; try again.")
    assert "the secret of the inside" in capsys.readouterr().err


def test_a_key_service_that_is_down_is_our_failure(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", {}.__getitem__)
    assert sent(endpoint, "POST", signed(endpoint), b"{}")[0] == "InternalError"


def test_a_known_key_is_asked_for_once_in_a_while(sdk: Sdk, ssm: FakeSsm, store: FakeTable) -> None:
    for _ in range(3):
        sdk("DescribeLiveRecordRules")
    assert (ssm.reads, store.calls.count("get")) == (1, 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["a b&c=流", "+", "%2B", "a.b", "é"])
def test_without_the_front_the_received_host_and_parameters_are_tried(
    method: str, name: str, bare_endpoint: str
) -> None:
    sdk = Sdk(bare_endpoint, method=method)
    sdk("CreateLiveRecordTemplate", **own_values("live", "CreateLiveRecordTemplate"))
    sdk("SearchMedia", "vod", FileIds=[str(number) for number in range(10)], Limit=10, NamePrefixes=[name])
    answer = sdk("DescribeLiveStreamOnlineList", StreamName=name, DomainName="d", AppName="a b", PageSize=20)
    assert (answer["TotalNum"], answer["PageSize"]) == (0, 20)
