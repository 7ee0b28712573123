"""What was published, through the official SDK."""

import time
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws, keys
from chalicelib.api.moments import iso_text
from chalicelib.ingest import refusal_limit
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.live import stream_history
from chalicelib.settings import settings
from tests.contract.publishers import DOMAIN, address, publish, unpublish
from tests.sdk import Sdk

HOUR, DAY = 3600, 86_400
NOON = int(time.time()) // HOUR * HOUR - 5 * HOUR
"""Some hours ago, on the hour."""


def published(number: int, *, stream: str = "", domain: str = DOMAIN) -> None:
    """A publish of a quarter of an hour that began at NOON and as many minutes as its number."""
    began, name = NOON + number * 60, stream or f"s{number:02d}"
    publish(began, name, domain=domain, client=f"c{number}")
    unpublish(began + 900, name, domain=domain, client=f"c{number}")


def span(first: int = NOON, last: int = NOON + 4 * HOUR) -> dict[str, str]:
    return {"StartTime": iso_text(first), "EndTime": iso_text(last)}


def events(sdk: Sdk, **fields: Any) -> list[str]:
    found = sdk("DescribeLiveStreamEventList", **(span() | fields))
    return [each["StreamName"] for each in found["EventList"]]


def test_an_ended_publish_is_in_both_lists(any_sdk: Sdk) -> None:
    published(0)
    entry = {
        "AppName": "live",
        "DomainName": DOMAIN,
        "StreamName": "s00",
        "StreamStartTime": iso_text(NOON),
        "StreamEndTime": iso_text(NOON + 900),
        "StopReason": "the publisher has left",
        "Duration": 900,
        "ClientIp": "203.0.113.7",
        "Resolution": "",
    }
    page = {"PageNum": 1, "PageSize": 10, "TotalNum": 1, "TotalPage": 1}
    assert any_sdk("DescribeLiveStreamEventList", **span()) == {"EventList": [entry], **page}
    assert any_sdk("DescribeLiveStreamPublishedList", DomainName=DOMAIN, **span()) == {"PublishInfo": [entry], **page}


def test_a_live_stream_is_in_neither_list(sdk: Sdk) -> None:
    publish(NOON)
    assert events(sdk) == []
    assert sdk("DescribeLiveStreamPublishedList", DomainName=DOMAIN, **span())["TotalNum"] == 0


def test_a_replaced_publish_says_so(sdk: Sdk) -> None:
    publish(NOON, client="c1")
    publish(NOON + 60, client="c2")
    (entry,) = sdk("DescribeLiveStreamEventList", **span())["EventList"]
    assert (entry["StopReason"], entry["Duration"]) == ("21.102 replaced by a newer push", 60)


def test_a_refused_push_is_an_event_that_a_filter_leaves_out_and_no_publish(any_sdk: Sdk) -> None:
    any_sdk("AddLiveDomain", DomainName=DOMAIN, DomainType=0)
    with pytest.raises(NotAdmitted):
        publish(NOON + 30, "room", param="txSecret=0&txTime=5F30AA20")
    (entry,) = any_sdk("DescribeLiveStreamEventList", **span())["EventList"]
    assert (entry["StopReason"], entry["Duration"]) == ("18.503 the push URL's txSecret is wrong", 0)
    assert events(any_sdk, IsFilter=1) == []
    assert any_sdk("DescribeLiveStreamPublishedList", DomainName=DOMAIN, **span())["TotalNum"] == 0


def test_events_come_page_by_page_by_their_end_the_latest_first(any_sdk: Sdk) -> None:
    for number in (3, 0, 11, *range(4, 11), 1, 2):
        published(number, domain=DOMAIN if number % 2 else "other.example.com")
    names = [f"s{number:02d}" for number in range(12)]
    assert events(any_sdk, PageSize=100) == names[::-1]
    assert events(any_sdk, PageSize=100, IsAsc=1) == names
    pages = [any_sdk("DescribeLiveStreamEventList", **span(), PageNum=number, PageSize=5) for number in (1, 2, 3, 4)]
    assert [[each["StreamName"] for each in page["EventList"]] for page in pages] == [
        names[:6:-1],
        names[6:1:-1],
        names[1::-1],
        [],
    ]
    assert {(page["TotalNum"], page["TotalPage"]) for page in pages} == {(12, 3)}
    ended = any_sdk("DescribeLiveStreamPublishedList", DomainName=DOMAIN, **span(), PageSize=10)["PublishInfo"]
    assert [each["StreamName"] for each in ended] == names[::-2]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"DomainName": "other.example.com"}, ["s03"]),
        ({"DomainName": DOMAIN, "StreamName": "0"}, ["s02", "s01"]),
        ({"StreamName": "s0"}, ["s03", "s02", "s01"]),
        ({"StreamName": "s0", "IsStrict": 1}, []),
        ({"StreamName": "s02", "IsStrict": 1}, ["s02"]),
        ({"AppName": "live"}, ["s03", "s02", "s01"]),
        ({"AppName": "liv"}, []),
        (span(NOON + 900 + 60, NOON + 900 + 120), ["s02", "s01"]),
        (span(NOON, NOON + 900), []),
    ],
    ids=[
        "domain",
        "domain and part",
        "part",
        "strict",
        "whole",
        "app",
        "part of app",
        "by its end",
        "not by its start",
    ],
)
def test_events_are_narrowed(sdk: Sdk, fields: dict[str, Any], names: list[str]) -> None:
    published(1)
    published(2)
    published(3, domain="other.example.com")
    assert events(sdk, **fields) == names


@pytest.mark.parametrize("fields", [{"StreamName": "s0"}, {"AppName": "live"}], ids=str)
def test_publishes_are_narrowed(sdk: Sdk, fields: dict[str, str]) -> None:
    published(1)
    published(2, stream="another")
    found = sdk("DescribeLiveStreamPublishedList", DomainName=DOMAIN, **span(), **fields)
    assert [each["StreamName"] for each in found["PublishInfo"]] == (
        ["s01"] if "StreamName" in fields else ["another", "s01"]
    )


@pytest.mark.parametrize("action", ["DescribeLiveStreamEventList", "DescribeLiveStreamPublishedList"])
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (span(NOON, NOON - 1), "EndTime"),
        (span(NOON - 32 * DAY, NOON), "EndTime"),
        (span(NOON - 63 * DAY, NOON - 62 * DAY), "StartTime"),
        ({"StartTime": "yesterday"}, "StartTime"),
        ({"EndTime": "2026-11-20 10:00:00"}, "EndTime"),
        ({"PageSize": 101}, "PageSize"),
        ({"PageNum": 0}, "PageNum"),
    ],
    ids=["ends first", "too long", "too long ago", "no time", "no zone", "large page", "page 0"],
)
def test_a_wrong_question_is_refused(sdk: Sdk, action: str, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk(action, **({"DomainName": DOMAIN} | span() | fields))
    assert (refused.value.code, refused.value.message.partition(":")[0]) == ("InvalidParameterValue", named)


def test_an_entry_and_its_session_are_forgotten_after_half_a_year(sdk: Sdk) -> None:
    published(0)
    (entry,) = aws.table().query(keys.history_partition(DOMAIN))
    assert entry["expires_at"] == NOON + 900 + stream_history.KEPT_SECONDS
    session = aws.table().get(keys.session(entry["SK"].partition("#")[2]))
    assert session is not None
    assert session["expires_at"] == entry["expires_at"]


def test_the_lists_of_a_live_stream_are_not_disturbed(sdk: Sdk) -> None:
    publish(NOON)
    assert sdk("DescribeLiveStreamOnlineList", **address())["TotalNum"] == 1
    unpublish(NOON + 60)
    assert sdk("DescribeLiveStreamOnlineList", **address())["TotalNum"] == 0


def test_refused_pushes_are_counted_beyond_those_that_are_told(any_sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_limit, "MOST_A_MINUTE", 2)
    monkeypatch.setenv("ACCEPT_UNKNOWN_DOMAINS", "0")
    settings.cache_clear()
    minute = int(time.time()) // 60 * 60 - 120
    for number, at in enumerate([minute, minute, minute, minute, minute + 60]):
        with pytest.raises(NotAdmitted):
            publish(at + 0.25, f"guessed-{number}", domain=f"{number}.example.com")
    asked = {"StartTime": iso_text(minute - 1), "EndTime": iso_text(minute + 61), "IsAsc": 1}
    reasons = [each["StopReason"] for each in any_sdk("DescribeLiveStreamEventList", **asked)["EventList"]]
    unknown = "18.301 the push domain was never added"
    assert reasons == [unknown, unknown, f"{unknown}; 2 refused pushes before it were not told"]
