"""Which streams are live, through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws, keys
from chalicelib.live import online as live_streams
from chalicelib.table import Put
from tests.fakes.table import FakeTable
from tests.sdk import Sdk

PUBLISHED_AT = 1795163844.5
DOMAIN = "push.example.com"


def publish(number: int, *, app: str = "live", domain: str = DOMAIN) -> None:
    """A live stream, as the publish hook lists it; a higher number published later."""
    stream = f"s{number:02d}"
    item = {
        "session_id": f"session-{number}",
        "client_id": "1",
        "domain": domain,
        "app": app,
        "stream": stream,
        "published_at": PUBLISHED_AT + number,
        "LPK": keys.ALL_ONLINE,
        "SPK": keys.online_in(domain),
        "LSK": keys.by_time(PUBLISHED_AT + number, f"session-{number}"),
    }
    aws.table().put(Put(key=keys.live(domain, app, stream), item=item))


def online(sdk: Sdk, **fields: Any) -> list[str]:
    return [stream["StreamName"] for stream in sdk("DescribeLiveStreamOnlineList", **fields)["OnlineInfo"]]


def test_a_live_stream_is_listed(any_sdk: Sdk) -> None:
    publish(1)
    assert any_sdk("DescribeLiveStreamOnlineList") == {
        "TotalNum": 1,
        "TotalPage": 1,
        "PageNum": 1,
        "PageSize": 10,
        "OnlineInfo": [
            {
                "StreamName": "s01",
                "PublishTimeList": [{"PublishTime": "2026-11-20T08:37:25Z"}],
                "AppName": "live",
                "DomainName": DOMAIN,
                "PushToDelay": 0,
            }
        ],
    }


def test_live_streams_are_listed_page_by_page_in_the_order_of_their_publish(any_sdk: Sdk) -> None:
    for number in reversed(range(23)):
        publish(number)
    names = [f"s{number:02d}" for number in range(23)]
    pages = [online(any_sdk, PageNum=number) for number in (1, 2, 3, 4)]
    assert pages == [names[:10], names[10:20], names[20:], []]
    answer = any_sdk("DescribeLiveStreamOnlineList", PageNum=2, PageSize=20)
    assert (answer["TotalNum"], answer["TotalPage"], len(answer["OnlineInfo"])) == (23, 2, 3)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"DomainName": DOMAIN}, ["s01", "s02"]),
        ({"DomainName": DOMAIN.upper()}, ["s01", "s02"]),
        ({"AppName": "live"}, ["s01", "s03"]),
        ({"StreamName": "s02"}, ["s02"]),
        ({"DomainName": DOMAIN, "AppName": "live", "StreamName": "s01"}, ["s01"]),
        ({"DomainName": "nowhere"}, []),
        ({"DomainName": "", "AppName": "", "StreamName": ""}, ["s01", "s02", "s03"]),
    ],
    ids=["domain", "domain-in-capitals", "app", "stream", "all-three", "none", "empty-means-any"],
)
def test_the_list_is_narrowed_by_name(sdk: Sdk, fields: dict[str, str], expected: list[str]) -> None:
    publish(1)
    publish(2, app="other")
    publish(3, domain="example.org")
    assert online(sdk, **fields) == expected


def test_of_one_domain_no_stream_of_another_is_read(sdk: Sdk, store: FakeTable) -> None:
    for number in range(30):
        publish(number, domain=DOMAIN if number < 3 else "example.org")
    store.read = 0
    assert sdk("DescribeLiveStreamOnlineList", DomainName=DOMAIN)["TotalNum"] == 3
    assert store.read == 3


def test_no_more_streams_are_looked_at_than_the_limit(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_streams, "MOST_ONLINE", 12)
    for number in range(30):
        publish(number)
    store.read = 0
    answer = sdk("DescribeLiveStreamOnlineList", PageNum=2)
    assert (answer["TotalNum"], [each["StreamName"] for each in answer["OnlineInfo"]]) == (12, ["s10", "s11"])
    assert store.read == 12


@pytest.mark.parametrize(
    "fields", [{"PageNum": 0}, {"PageSize": 9}, {"PageSize": 300_001}, {"StreamName": "x" * 256}], ids=str
)
def test_a_page_out_of_range_is_refused(sdk: Sdk, fields: dict[str, Any]) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("DescribeLiveStreamOnlineList", **fields)
    assert refused.value.code == "InvalidParameterValue"
    assert refused.value.message.startswith(f"{next(iter(fields))}: ")


def test_a_stream_is_active_while_somebody_publishes_it(any_sdk: Sdk) -> None:
    publish(1)
    states = [
        any_sdk("DescribeLiveStreamState", DomainName=DOMAIN, AppName="live", StreamName=name)
        for name in ("s01", "s02")
    ]
    assert states == [{"StreamState": "active"}, {"StreamState": "inactive"}]
