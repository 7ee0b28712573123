"""Domain names know no case: whoever spells one otherwise, a publisher or a client, means the same."""

import time
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.api.moments import iso_text
from chalicelib.ingest.admission import NotAdmitted
from tests.contract.publishers import DOMAIN, address, publish, unpublish
from tests.sdk import Sdk, now

LOUD = DOMAIN.upper()
SPAN = {"StartTime": iso_text(now() - 3600), "EndTime": iso_text(now() + 600)}


def test_a_ban_is_not_avoided_by_another_spelling_of_the_domain(any_sdk: Sdk) -> None:
    any_sdk("ForbidLiveStream", **address())
    assert any_sdk("DescribeLiveStreamState", **address(domain=LOUD)) == {"StreamState": "forbid"}
    at = time.time() // 60 * 60  # refusals are told once a minute
    for domain in (LOUD, DOMAIN):
        with pytest.raises(NotAdmitted, match=r"^18\.305 "):
            publish(at, domain=domain)
    assert any_sdk("DescribeLiveStreamEventList", **SPAN, DomainName=DOMAIN)["TotalNum"] == 1


def test_a_stream_is_one_stream_however_its_domain_is_spelled(any_sdk: Sdk) -> None:
    publish(time.time(), domain=LOUD)
    assert any_sdk("DescribeLiveStreamState", **address()) == {"StreamState": "active"}
    (live,) = any_sdk("DescribeLiveStreamOnlineList", DomainName=DOMAIN)["OnlineInfo"]
    assert live["DomainName"] == LOUD
    unpublish(time.time(), domain=LOUD)
    for action, listed in (
        ("DescribeLiveStreamEventList", "EventList"),
        ("DescribeLiveStreamPublishedList", "PublishInfo"),
    ):
        (ended,) = any_sdk(action, **SPAN, DomainName=DOMAIN)[listed]
        assert ended["DomainName"] == LOUD


def test_rules_hold_for_every_spelling_and_are_given_back_as_they_were_sent(any_sdk: Sdk) -> None:
    template = {"TemplateId": any_sdk("CreateLiveRecordTemplate", TemplateName="t")["TemplateId"]}
    any_sdk("CreateLiveRecordRule", DomainName="Push.Example.com", **template)
    assert [rule["DomainName"] for rule in any_sdk("DescribeLiveRecordRules")["Rules"]] == ["Push.Example.com"]
    with pytest.raises(TencentCloudSDKException, match="RuleAlreadyExist"):
        any_sdk("CreateLiveRecordRule", DomainName=DOMAIN, **template)
    outcomes = [rule["Outcome"] for rule in any_sdk.raw("ExplainRecording", **address(domain=LOUD))["Rules"]]
    assert outcomes == ["absent", "absent", "absent", "wins"]
    assert any_sdk("DeleteLiveRecordRule", DomainName=LOUD, AppName="", StreamName="") == {}


def test_tasks_of_a_stream_are_its_tasks_however_its_domain_is_spelled(any_sdk: Sdk) -> None:
    window: dict[str, Any] = {"StartTime": now() + 3600, "EndTime": now() + 7200}
    for domain in (DOMAIN, LOUD, "Push.Example.com"):
        any_sdk("CreateRecordTask", **address(domain=domain), **window)
    with pytest.raises(TencentCloudSDKException, match="MaximumRunningTask"):
        any_sdk("CreateRecordTask", **address(), **window)
    span = {"StartTime": now(), "EndTime": now() + 8000}
    assert len(any_sdk("DescribeRecordTask", **span, DomainName=DOMAIN)["TaskList"]) == 3
