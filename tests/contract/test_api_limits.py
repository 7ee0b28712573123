"""What a key meets that asks too often, or for what it may not: the codes of the wire."""

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.handlers import api
from chalicelib.settings import settings
from tests.fakes.ssm import FakeSsm
from tests.fakes.table import FakeTable
from tests.known_key import made_in, put_key
from tests.sdk import Sdk


def test_too_many_requests_are_refused_by_the_code_after_which_the_sdk_tries_again(
    any_sdk: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_PER_SECOND", "3")
    settings.cache_clear()
    api.services.cache_clear()

    def create_many() -> None:
        for number in range(40):  # within a second or two, whatever the machine
            any_sdk("CreateLiveRecordTemplate", TemplateName=f"t-{number}")

    with pytest.raises(TencentCloudSDKException) as refused:
        create_many()
    assert (refused.value.code, refused.value.message) == (
        "RequestLimitExceeded",
        "CreateLiveRecordTemplate: more than 3 requests in one second.",
    )


def test_a_key_that_may_only_read_reads(endpoint: str, store: FakeTable, ssm: FakeSsm) -> None:
    put_key(store, ssm, "AKIDreader", is_read_only=True)
    sdk = Sdk(endpoint, secret_id="AKIDreader")
    assert sdk("DescribeLiveRecordTemplates") == {"Templates": []}
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("CreateLiveRecordTemplate", TemplateName="t")
    assert (refused.value.code, refused.value.message) == (
        "UnauthorizedOperation",
        "CreateLiveRecordTemplate: this key may only read.",
    )
    assert made_in(store) == {}


def test_a_key_of_one_domain_is_told_so(endpoint: str, store: FakeTable, ssm: FakeSsm) -> None:
    put_key(store, ssm, "AKIDone", domains=frozenset({"push.example.com"}))
    sdk = Sdk(endpoint, secret_id="AKIDone")
    assert sdk("DescribeLiveStreamOnlineList", DomainName="push.example.com")["TotalNum"] == 0
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("DescribeLiveStreamOnlineList", DomainName="other.example.com")
    assert refused.value.code == "UnauthorizedOperation"
