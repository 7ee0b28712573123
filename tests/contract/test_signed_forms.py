"""Every form in which the official SDK signs and sends a request: each understood alike, and none believed half."""

import http.client
import json
import re
import time
from urllib.parse import urlencode

import pytest
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.sign import Sign

from chalicelib.api.older_signature import string_to_sign
from chalicelib.settings import settings
from tests.fakes.table import FakeTable
from tests.known_key import made_in
from tests.sdk import SECRET_ID, SECRET_KEY, Sdk
from tests.sdk_values import own_values

FORMS = [
    ("TC3-HMAC-SHA256", "POST"),
    ("TC3-HMAC-SHA256", "GET"),
    ("HmacSHA1", "POST"),
    ("HmacSHA1", "GET"),
    ("HmacSHA256", "POST"),
    ("HmacSHA256", "GET"),
]
VERSION = "2018-08-01"


def common_client(endpoint: str, method: str = "POST") -> CommonClient:
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint, reqMethod=method))
    return CommonClient("live", VERSION, Credential(SECRET_ID, SECRET_KEY), "", profile)


def code_of(endpoint: str, method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    connection = http.client.HTTPConnection(endpoint, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = json.loads(connection.getresponse().read())["Response"]
    finally:
        connection.close()
    return str(answer.get("Error", {}).get("Code", "ok"))


def parameters(endpoint: str, method: str, **fields: str) -> dict[str, str]:
    """Parameters signed the older way."""
    stated = {
        "Action": "DescribeLiveRecordRules",
        "Version": VERSION,
        "Timestamp": str(int(time.time())),
        "Nonce": "7",
        "SecretId": SECRET_ID,
        "SignatureMethod": "HmacSHA256",
        **fields,
    }
    return {
        **stated,
        "Signature": Sign.sign(SECRET_KEY, string_to_sign(method, endpoint, [*stated.items()]), "HmacSHA256"),
    }


@pytest.mark.parametrize("front", ["endpoint", "bare_endpoint"], ids=["front", "no front"])
@pytest.mark.parametrize(("sign_method", "method"), FORMS)
def test_a_request_means_the_same_in_every_form(
    request: pytest.FixtureRequest, front: str, sign_method: str, method: str
) -> None:
    sdk = Sdk(request.getfixturevalue(front), sign_method=sign_method, method=method)
    own = own_values("live", "CreateLiveRecordTemplate") | {"TemplateName": "直播", "Description": "a+b c&d=é%2B?"}
    template_id = sdk("CreateLiveRecordTemplate", **own)["TemplateId"]
    found = sdk("DescribeLiveRecordTemplate", TemplateId=template_id)["Template"]
    assert {name: found[name] for name in own if name in found} == {name: own[name] for name in own if name in found}
    sdk("CreateLiveRecordRule", DomainName="d", AppName="", StreamName="a b", TemplateId=template_id)
    assert sdk("DescribeLiveRecordRules")["Rules"][0]["StreamName"] == "a b"
    media = sdk("DescribeMediaInfos", "vod", FileIds=[str(number) for number in range(12)])
    assert media["NotExistFileIdSet"] == [str(number) for number in range(12)]


def test_a_multipart_form_is_understood(endpoint: str, store: FakeTable) -> None:
    options = {"IsMultipart": True}
    params = {"TemplateName": "直播", "Description": "a\r\n--b", "FlvParam": {"Enable": 1}, "IsDelayLive": "0"}
    client = common_client(endpoint)
    template_id = client.call_json("CreateLiveRecordTemplate", params, options=options)["Response"]["TemplateId"]
    template = client.call_json("DescribeLiveRecordTemplate", {"TemplateId": str(template_id)}, options=options)
    found = template["Response"]["Template"]
    assert (found["TemplateName"], found["Description"], found["FlvParam"]["Enable"]) == ("直播", "a\r\n--b", 1)
    assert client.call_json("DescribeLiveRecordTemplates", {}, options=options)["Response"]["Templates"] == [found]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_sdk_s_mode_without_a_signature_is_refused(endpoint: str, method: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        common_client(endpoint, method).call_json("DescribeLiveRecordRules", {}, options={"SkipSign": True})
    assert refused.value.code == "AuthFailure.InvalidAuthorization"


def test_an_unsigned_payload_is_accepted_where_a_setting_allows_it(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = Sdk(endpoint, is_payload_unsigned=True)
    with pytest.raises(TencentCloudSDKException, match=re.escape("X-TC-Content-SHA256")):
        sdk("DescribeLiveRecordRules")
    monkeypatch.setenv("ALLOW_UNSIGNED_PAYLOAD", "1")
    settings.cache_clear()
    assert sdk("DescribeLiveRecordRules") == {"Rules": []}


def test_of_a_request_signed_the_older_way_no_header_is_believed(endpoint: str, store: FakeTable) -> None:
    query = urlencode(parameters(endpoint, "GET", TemplateName="t"))
    forged = {"X-TC-Action": "CreateLiveRecordTemplate", "X-TC-Version": VERSION}
    assert code_of(endpoint, "GET", f"/?{query}", forged) == "UnknownParameter"
    assert made_in(store) == {}


def test_beside_a_form_signed_the_older_way_no_query_is_believed(endpoint: str, store: FakeTable) -> None:
    form = urlencode(parameters(endpoint, "POST"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert code_of(endpoint, "POST", "/?Action=CreateLiveRecordTemplate&TemplateName=t", headers, form) == "ok"
    assert made_in(store) == {}


def test_a_body_beside_a_query_signed_the_older_way_is_refused(endpoint: str) -> None:
    query = urlencode(parameters(endpoint, "POST"))
    headers = {"Content-Type": "application/json"}
    assert code_of(endpoint, "POST", f"/?{query}", headers, "{}") == "AuthFailure.InvalidAuthorization"


def test_a_form_with_more_fields_than_a_request_may_have_is_not_even_read(endpoint: str) -> None:
    form = urlencode(parameters(endpoint, "POST", **{f"Names.{number}": "x" for number in range(1000)}))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert code_of(endpoint, "POST", "/", headers, form) == "MissingParameter"


def test_a_signature_of_one_service_is_none_of_the_other(endpoint: str) -> None:
    query = urlencode(parameters(endpoint, "GET") | {"Version": "2018-07-17"})
    assert code_of(endpoint, "GET", f"/?{query}", {}) == "AuthFailure.SignatureFailure"
