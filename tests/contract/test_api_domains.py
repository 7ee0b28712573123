"""Domains and their push keys through the official SDK."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws, keys
from chalicelib.ingest import origin_control
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.live import domains, stream_control
from chalicelib.settings import settings
from chalicelib.table import Update
from tests.contract.publishers import DOMAIN, address, publish
from tests.fakes.origin_api import SrsApi
from tests.fakes.serving import serving
from tests.sdk import Sdk

BEIJING = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Iterator[SrsApi]:
    """The origin's HTTP API, with two clients."""
    origin_control.credentials.cache_clear()
    srs = SrsApi(clients={"c1", "c2"})
    with serving(srs.application()) as url:
        monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
        settings.cache_clear()
        yield srs
    origin_control.credentials.cache_clear()


def code_of(call: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as refusal:
        call()
    return str(refusal.value.code)


def state(sdk: Sdk, stream: str = "room", domain: str = DOMAIN) -> str:
    return str(sdk("DescribeLiveStreamState", **address(stream, domain))["StreamState"])


def test_a_domain_is_added_described_and_deleted(any_sdk: Sdk) -> None:
    added = {"DomainName": DOMAIN, "DomainType": 0, "IsMiniProgramLive": 1, "VerifyOwnerType": "dnsCheck"}
    assert any_sdk("AddLiveDomain", **added) == {}
    info = any_sdk("DescribeLiveDomain", DomainName=DOMAIN)["DomainInfo"]
    assert BEIJING.fullmatch(info.pop("CreateTime"))
    assert info == {
        "Name": DOMAIN,
        "Type": 0,
        "Status": 1,
        "BCName": 0,
        "TargetDomain": "",
        "PlayType": 1,
        "IsDelayLive": 0,
        "CurrentCName": "",
        "RentTag": 0,
        "RentExpireTime": "0000-00-00 00:00:00",
        "IsMiniProgramLive": 1,
    }
    assert any_sdk("DeleteLiveDomain", DomainName=DOMAIN, DomainType=0) == {}
    assert code_of(lambda: any_sdk("DescribeLiveDomain", DomainName=DOMAIN)) == "ResourceNotFound.DomainNotExist"
    assert any_sdk("AddLiveDomain", **added) == {}


def test_domains_know_no_case(sdk: Sdk) -> None:
    sdk("AddLiveDomain", DomainName="Push.Example.com", DomainType=0)
    assert sdk("DescribeLiveDomain", DomainName="push.example.COM")["DomainInfo"]["Name"] == "Push.Example.com"
    assert code_of(lambda: sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)) == "FailedOperation.DomainAdded"


def test_domains_are_listed_page_by_page(any_sdk: Sdk) -> None:
    for number in range(12):
        any_sdk("AddLiveDomain", DomainName=f"d{number:02d}.example.com", DomainType=number % 2, PlayType=3)
    pages = [any_sdk("DescribeLiveDomains", PageNum=number) for number in (1, 2, 3)]
    assert [len(page["DomainList"]) for page in pages] == [10, 2, 0]
    assert [page["AllCount"] for page in pages] == [12] * 3
    assert pages[0]["CreateLimitCount"] == 88
    assert pages[0]["PlayTypeCount"] == [0, 0, 6]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["play", "push", "stopped"]),
        ({"DomainType": 0}, ["push", "stopped"]),
        ({"DomainType": 1}, ["play"]),
        ({"DomainStatus": 0}, ["stopped"]),
        ({"DomainStatus": 1}, ["play", "push"]),
        ({"IsDelayLive": 1}, ["slow"]),
        ({"DomainPrefix": "P"}, ["play", "push"]),
        ({"DomainType": 1, "PlayType": 2}, ["play"]),
        ({"DomainType": 1, "PlayType": 1}, []),
        ({"DomainType": 0, "PlayType": 1}, ["push", "stopped"]),
    ],
    ids=str,
)
def test_the_list_of_domains_is_narrowed(sdk: Sdk, fields: dict[str, Any], names: list[str]) -> None:
    sdk("AddLiveDomain", DomainName="push.example.com", DomainType=0)
    sdk("AddLiveDomain", DomainName="play.example.com", DomainType=1, PlayType=2)
    sdk("AddLiveDomain", DomainName="slow.example.com", DomainType=0, IsDelayLive=1)
    sdk("AddLiveDomain", DomainName="stopped.example.com", DomainType=0)
    sdk("ForbidLiveDomain", DomainName="stopped.example.com")
    found = sdk("DescribeLiveDomains", **fields)["DomainList"]
    assert [each["Name"].partition(".")[0] for each in found] == names


def test_a_disabled_domain_loses_its_streams_and_no_other_does(any_sdk: Sdk, origin: SrsApi) -> None:
    any_sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    any_sdk("ModifyLivePushAuthKey", DomainName=DOMAIN, Enable=0)
    publish(time.time())
    publish(time.time(), domain="other.example.com", client="c2")
    assert any_sdk("ForbidLiveDomain", DomainName=DOMAIN) == {}
    assert origin.clients == {"c2"}
    assert (state(any_sdk), state(any_sdk, domain="other.example.com")) == ("inactive", "active")
    with pytest.raises(NotAdmitted, match=r"^18\.301 "):
        publish(time.time(), client="c3")
    any_sdk("EnableLiveDomain", DomainName=DOMAIN)
    publish(time.time(), client="c3")
    assert state(any_sdk) == "active"


def test_disabling_a_play_domain_drops_nothing(sdk: Sdk, origin: SrsApi) -> None:
    sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=1)
    publish(time.time())
    sdk("ForbidLiveDomain", DomainName=DOMAIN)
    assert sdk("DescribeLiveDomain", DomainName=DOMAIN)["DomainInfo"]["Status"] == 0
    domains.sweep(aws.table(), now=time.time())
    assert state(sdk) == "active"


def test_the_tick_drops_what_slipped_in_while_a_domain_was_disabled(any_sdk: Sdk, origin: SrsApi) -> None:
    any_sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    any_sdk("ModifyLivePushAuthKey", DomainName=DOMAIN, Enable=0)
    any_sdk("ForbidLiveDomain", DomainName=DOMAIN)
    disabled = aws.table().get(keys.domain(DOMAIN)) or {}
    aws.table().update(Update(key=keys.domain(DOMAIN), set={"Status": 1}))
    publish(time.time())  # as one whose reading came before
    aws.table().update(Update(key=keys.domain(DOMAIN), set={"Status": 0}))
    domains.sweep(aws.table(), now=time.time())
    assert state(any_sdk) == "inactive"
    domains.sweep(aws.table(), now=time.time() + stream_control.SWEPT_SECONDS)
    assert disabled["LPK"] == keys.ALL_SWEPT
    assert "LPK" not in (aws.table().get(keys.domain(DOMAIN)) or {})


def test_a_domain_is_disabled_though_the_origin_cannot_be_reached(sdk: Sdk) -> None:
    sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    sdk("ModifyLivePushAuthKey", DomainName=DOMAIN, Enable=0)
    publish(time.time())
    assert code_of(lambda: sdk("ForbidLiveDomain", DomainName=DOMAIN)) == "FailedOperation.CallOtherSvrFailed"
    assert sdk("DescribeLiveDomain", DomainName=DOMAIN)["DomainInfo"]["Status"] == 0
    assert state(sdk) == "active"


def test_an_origin_that_does_not_answer_holds_the_request_up_for_a_while_only(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_control, "SWEEPING_SECONDS", -1.0)
    sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    sdk("ModifyLivePushAuthKey", DomainName=DOMAIN, Enable=0)
    for number in range(3):
        publish(time.time(), f"s{number}", client=f"c{number}")
    with pytest.raises(TencentCloudSDKException, match="3 streams are not dropped yet"):
        sdk("ForbidLiveDomain", DomainName=DOMAIN)


def test_a_push_domain_begins_with_a_random_key_that_may_be_changed_field_by_field(any_sdk: Sdk) -> None:
    any_sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    any_sdk("AddLiveDomain", DomainName="other.example.com", DomainType=0)
    first = any_sdk("DescribeLivePushAuthKey", DomainName=DOMAIN)["PushAuthKeyInfo"]
    other = any_sdk("DescribeLivePushAuthKey", DomainName="other.example.com")["PushAuthKeyInfo"]
    assert re.fullmatch(r"[0-9a-f]{32}", first["MasterAuthKey"])
    assert first["MasterAuthKey"] != other["MasterAuthKey"]
    assert first == {
        "DomainName": DOMAIN,
        "Enable": 1,
        "MasterAuthKey": first["MasterAuthKey"],
        "BackupAuthKey": "",
        "AuthDelta": 60,
    }
    changes: list[dict[str, Any]] = [
        {"BackupAuthKey": "reserve&*^"},
        {"MasterAuthKey": "main"},
        {"AuthDelta": 0},
        {"Enable": 0},
        {"MasterAuthKey": ""},
        {},
    ]
    for change in changes:
        assert any_sdk("ModifyLivePushAuthKey", DomainName=DOMAIN, **change) == {}
        first |= change
        assert any_sdk("DescribeLivePushAuthKey", DomainName=DOMAIN)["PushAuthKeyInfo"] == first


def test_a_domain_that_is_deleted_and_added_again_has_another_key(sdk: Sdk) -> None:
    seen = set()
    for _ in range(2):
        sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
        seen.add(sdk("DescribeLivePushAuthKey", DomainName=DOMAIN)["PushAuthKeyInfo"]["MasterAuthKey"])
        sdk("DeleteLiveDomain", DomainName=DOMAIN, DomainType=0)
    assert len(seen) == 2


def test_a_rule_for_a_domain_that_was_never_added_is_accepted(sdk: Sdk) -> None:
    template_id = sdk("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Enable": 1})["TemplateId"]
    sdk("CreateLiveRecordRule", DomainName="never-added.example.com", TemplateId=template_id)
    assert len(sdk("DescribeLiveRecordRules")["Rules"]) == 1
