"""Requests, hooks and publishes of those who may not."""

import json
import urllib.error
import urllib.request

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from infra.local.demo.customer import Customer
from infra.local.running import StackFacts
from tests.e2e.scene import customer_of
from tests.sdk import Sdk

pytestmark = pytest.mark.e2e


def post(url: str, body: bytes, content_type: str = "application/json") -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def hook(stack: StackFacts, stream: str) -> bytes:
    return json.dumps(
        {
            "action": "on_publish",
            "client_id": "1175344m",
            "ip": "127.0.0.1",
            "vhost": "__defaultVhost__",
            "app": "live",
            "tcUrl": f"{stack.rtmp}/live",
            "stream": stream,
            "param": f"?vhost={stack.push_domain}",
        }
    ).encode()


@pytest.mark.parametrize("query", ["", "?secret=", "?secret=guessed"], ids=["no secret", "empty", "wrong"])
def test_an_unsigned_hook_is_refused(stack: StackFacts, query: str) -> None:
    status, _ = post(f"{stack.api}/hooks/srs/on_publish{query}", hook(stack, "intruder"))
    online = customer_of(stack).live("DescribeLiveStreamOnlineList", StreamName="intruder")
    assert status == 403
    assert online["TotalNum"] == 0


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"{", "application/json"),
        (b"\xff\x00", "application/octet-stream"),
        (b"hello", "text/plain"),
        (b"Action=DescribeLiveRecordTemplates", "application/x-www-form-urlencoded"),
        (b"{" + b" " * 1_500_000 + b"}", "application/json"),
    ],
    ids=["unsigned", "not JSON", "bytes", "text", "form", "over 1 MB"],
)
def test_a_bad_request_is_refused_in_the_wires_form(stack: StackFacts, body: bytes, content_type: str) -> None:
    status, answer = post(f"{stack.api}/", body, content_type)
    assert status == 200
    assert json.loads(answer)["Response"].keys() == {"Error", "RequestId"}


def test_the_sdk_is_understood_by_post_and_by_get_in_any_alphabet(stack: StackFacts) -> None:
    by_post, by_get = customer_of(stack), customer_of(stack, method="GET")
    template_id = by_get.live("CreateLiveRecordTemplate", TemplateName="直播", Description="a+b c&d=é")["TemplateId"]
    found = by_post.live("DescribeLiveRecordTemplate", TemplateId=template_id)["Template"]
    by_get.live("DeleteLiveRecordTemplate", TemplateId=template_id)
    assert (found["TemplateName"], found["Description"]) == ("直播", "a+b c&d=é")


@pytest.mark.parametrize(
    ("sign_method", "method"),
    [("HmacSHA1", "POST"), ("HmacSHA1", "GET"), ("HmacSHA256", "POST"), ("HmacSHA256", "GET")],
)
def test_the_older_signatures_are_understood_in_any_alphabet(stack: StackFacts, sign_method: str, method: str) -> None:
    endpoint = stack.api.removeprefix("http://")
    sdk = Sdk(
        endpoint,
        secret_id=stack.secret_id,
        secret_key=stack.secret_key,
        sign_method=sign_method,
        method=method,
    )
    template_id = sdk("CreateLiveRecordTemplate", TemplateName="直播", FlvParam={"Enable": 1}, Description="a+b&=é")[
        "TemplateId"
    ]
    found = sdk("DescribeLiveRecordTemplate", TemplateId=template_id)["Template"]
    sdk("DeleteLiveRecordTemplate", TemplateId=template_id)
    assert (found["TemplateName"], found["Description"], found["FlvParam"]["Enable"]) == ("直播", "a+b&=é", 1)


def test_a_key_nobody_has_is_refused(stack: StackFacts) -> None:
    stranger = Customer(api=stack.api, secret_id="AKIDstranger", secret_key="guessed", region=stack.region)
    with pytest.raises(TencentCloudSDKException) as refusal:
        stranger.live("DescribeLiveRecordTemplates")
    assert refusal.value.code == "AuthFailure.SecretIdNotFound"


def test_a_wrong_signature_is_refused(stack: StackFacts) -> None:
    forger = Customer(api=stack.api, secret_id=stack.secret_id, secret_key="guessed", region=stack.region)
    with pytest.raises(TencentCloudSDKException) as refusal:
        forger.live("DescribeLiveRecordTemplates")
    assert refusal.value.code == "AuthFailure.SignatureFailure"
