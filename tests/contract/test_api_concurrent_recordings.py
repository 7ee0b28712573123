"""How many streams were recorded at once, through the official SDK."""

import time
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import keys
from chalicelib.api.moments import beijing_text, iso_text
from chalicelib.attribute_values import Item
from chalicelib.live import concurrent_recordings
from chalicelib.live.concurrent_recordings import most_at_once, recorded, spans_of
from tests.contract.publishers import DOMAIN, publish, unpublish
from tests.fakes.table import FakeTable
from tests.sdk import Sdk

HOUR, DAY = 3600, 86_400
NOON = int(time.time()) // HOUR * HOUR - 5 * HOUR
"""Some hours ago, on the hour."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody subscribes here."""
    monkeypatch.setenv("HOLD_SECONDS", "0")


def record(sdk: Sdk, domain: str = DOMAIN) -> None:
    template_id = sdk("CreateLiveRecordTemplate", TemplateName="t", FlvParam={"Enable": 1}, HlsParam={"Enable": 1})
    sdk("CreateLiveRecordRule", DomainName=domain, TemplateId=template_id["TemplateId"])


def published(first: float, last: float, stream: str, *, domain: str = DOMAIN) -> None:
    publish(first, stream, domain=domain, client=stream)
    unpublish(last, stream, domain=domain, client=stream)


def numbers(sdk: Sdk, first: int = NOON, last: int = NOON + HOUR, **fields: Any) -> list[int]:
    asked = {"LiveType": "NormalLive", "StartTime": iso_text(first), "EndTime": iso_text(last)} | fields
    return [each["Num"] for each in sdk("DescribeConcurrentRecordStreamNum", **asked)["DataInfoList"]]


def test_recorded_streams_are_counted_for_each_five_minutes(sdk: Sdk) -> None:
    record(sdk)
    published(NOON + 60, NOON + 900, "a")
    published(NOON + 600, NOON + 1500, "b")
    published(NOON, NOON + 3600, "not-recorded", domain="other.example.com")
    assert numbers(sdk) == [1, 1, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_a_point_is_the_most_there_were_before_the_next(sdk: Sdk) -> None:
    record(sdk)
    published(NOON + 10, NOON + 20, "a")
    published(NOON + 15, NOON + 25, "b")
    published(NOON + 25, NOON + 30, "c")
    assert numbers(sdk, last=NOON + 300) == [2, 0]


def test_a_stream_that_is_live_counts_until_now(sdk: Sdk) -> None:
    record(sdk)
    publish(NOON + 60, "a", client="a")
    assert numbers(sdk, last=NOON + 600) == [1, 1, 1]
    assert set(numbers(sdk, last=int(time.time()) + DAY)) == {1}


def test_a_stream_that_ended_after_the_span_counts_in_it(sdk: Sdk) -> None:
    record(sdk)
    published(NOON - 100 * DAY, NOON - 2 * DAY, "long")
    assert set(numbers(sdk, NOON - 50 * DAY, NOON - 49 * DAY)) == {1}
    assert set(numbers(sdk, NOON - 101 * DAY, NOON - 100 * DAY - 300)) == {0}
    assert set(numbers(sdk, NOON - DAY, NOON)) == {0}


def test_domains_are_told_apart(sdk: Sdk) -> None:
    record(sdk)
    record(sdk, "other.example.com")
    published(NOON, NOON + 300, "a")
    published(NOON, NOON + 300, "b", domain="other.example.com")
    publish(NOON, "c", domain="other.example.com", client="c")
    at_once = {"last": NOON}
    assert numbers(sdk, **at_once) == [3]
    assert numbers(sdk, **at_once, PushDomains=[DOMAIN]) == [1]
    assert numbers(sdk, **at_once, PushDomains=["Other.example.com"]) == [2]
    assert numbers(sdk, **at_once, PushDomains=[DOMAIN, "other.example.com"]) == [3]


@pytest.mark.parametrize(
    ("fields", "number"),
    [({"LiveType": "SlowLive"}, 0), ({"MainlandOrOversea": "Mainland"}, 0), ({"MainlandOrOversea": "Oversea"}, 1)],
    ids=["no slow live", "no mainland", "all is overseas"],
)
def test_what_there_is_not_counts_nothing(sdk: Sdk, fields: dict[str, Any], number: int) -> None:
    record(sdk)
    published(NOON, NOON + 300, "a")
    assert numbers(sdk, last=NOON, **fields) == [number]


def test_moments_are_told_in_the_form_that_was_asked_in(sdk: Sdk) -> None:
    asked = {"LiveType": "NormalLive", "StartTime": beijing_text(NOON + 1), "EndTime": beijing_text(NOON + 300)}
    points = sdk("DescribeConcurrentRecordStreamNum", **asked)["DataInfoList"]
    assert points == [{"Time": beijing_text(NOON), "Num": 0}, {"Time": beijing_text(NOON + 300), "Num": 0}]
    asked |= {"StartTime": iso_text(NOON)}
    assert sdk("DescribeConcurrentRecordStreamNum", **asked)["DataInfoList"][0]["Time"] == iso_text(NOON)


def test_of_the_future_there_are_no_points(sdk: Sdk) -> None:
    last_day = {"StartTime": "9999-12-31T00:00:00Z", "EndTime": "9999-12-31T23:59:59Z"}
    assert sdk("DescribeConcurrentRecordStreamNum", LiveType="NormalLive", **last_day) == {"DataInfoList": []}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"LiveType": "Live"}, "LiveType"),
        ({"MainlandOrOversea": "Moon"}, "MainlandOrOversea"),
        ({"StartTime": iso_text(NOON + 1), "EndTime": iso_text(NOON)}, "EndTime"),
        ({"StartTime": iso_text(NOON - 32 * DAY)}, "EndTime"),
        ({"StartTime": iso_text(NOON - 181 * DAY)}, "StartTime"),
        ({"EndTime": "noon"}, "EndTime"),
    ],
    ids=["type", "region", "ends first", "too long", "too long ago", "no time"],
)
def test_a_wrong_question_is_refused(sdk: Sdk, fields: dict[str, str], named: str) -> None:
    asked = {"LiveType": "NormalLive", "StartTime": iso_text(NOON), "EndTime": iso_text(NOON)} | fields
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("DescribeConcurrentRecordStreamNum", **asked)
    assert (refused.value.code, refused.value.message.partition(":")[0]) == ("InvalidParameterValue", named)


def test_a_wrong_domain_is_refused(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        numbers(sdk, PushDomains=["a b"])
    assert refused.value.code == "InvalidParameter.DomainFormatError"


def session(**facts: Any) -> Item:
    """A session with two orders: a rule's, and a task's from 100 to 200."""
    orders = {"template-1": {"starts_at": 0.0, "ends_at": 0.0}, "task-1": {"starts_at": 100.0, "ends_at": 200.0}}
    return {"session_id": "s", "domain": DOMAIN, "published_at": 10.0, "orders": orders, "let_go": {}} | facts


@pytest.mark.parametrize(
    ("orders", "now", "spans"),
    [
        ({}, 300.0, []),
        ({"a": (0.0, 0.0)}, 300.0, [(10.0, 300.0)]),
        ({"a": (100.0, 200.0)}, 300.0, [(100.0, 200.0)]),
        ({"a": (100.0, 200.0)}, 150.0, [(100.0, 150.0)]),
        ({"a": (100.0, 200.0)}, 50.0, []),
        ({"a": (0.0, 50.0), "b": (60.0, 90.0)}, 300.0, [(10.0, 50.0), (60.0, 90.0)]),
        ({"a": (0.0, 50.0), "b": (40.0, 90.0), "c": (20.0, 30.0)}, 300.0, [(10.0, 90.0)]),
    ],
    ids=["nothing", "a rule", "a task", "cut by the end", "never began", "two apart", "together"],
)
def test_a_stream_counts_once_while_anything_records_it(
    orders: dict[str, tuple[float, float]], now: float, spans: list[tuple[float, float]]
) -> None:
    items = {name: {"starts_at": first, "ends_at": last} for name, (first, last) in orders.items()}
    assert spans_of(session(orders=items), now=now) == spans
    let_go = {"spans": [list(window) for window in orders.values() if window[1]], "tasks": []}
    still_ordered = {name: items[name] for name, window in orders.items() if not window[1]}
    assert spans_of(session(orders=still_ordered, let_go=let_go), now=now) == spans


def test_a_long_recording_leaves_one_item_for_each_month(sdk: Sdk) -> None:
    new_year = 1_798_761_600.0  # 2027-01-01T00:00:00Z
    puts = recorded(session(published_at=new_year - 40 * DAY), now=new_year + 40 * DAY)
    assert [put.key.pk for put in puts] == [
        f"RECORDED#2026-11#{DOMAIN}",
        f"RECORDED#2026-12#{DOMAIN}",
        f"RECORDED#2027-01#{DOMAIN}",
        f"RECORDED#2027-02#{DOMAIN}",
    ]
    assert len({put.key for put in puts}) == 4


def test_of_one_domain_no_publish_of_another_is_read(sdk: Sdk, store: FakeTable) -> None:
    record(sdk)
    record(sdk, "other.example.com")
    for number in range(9):
        published(NOON, NOON + 300, f"s{number}", domain="other.example.com")
    published(NOON, NOON + 300, "a")
    store.read = 0
    assert numbers(sdk, last=NOON, PushDomains=[DOMAIN]) == [1]
    assert store.read == 1


def test_more_than_can_be_counted_is_refused(sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrent_recordings, "MOST_COUNTED", 3)
    record(sdk)
    published(NOON, NOON + 300, "a")
    published(NOON, NOON + 300, "b")
    publish(NOON, "c", client="c")
    assert numbers(sdk, last=NOON) == [3]
    for number in range(9):
        publish(NOON, f"s{number}", client=f"s{number}")
    store.read = 0
    with pytest.raises(TencentCloudSDKException) as refused:
        numbers(sdk, last=NOON)
    assert (refused.value.code, refused.value.message.partition(":")[0]) == ("LimitExceeded", "PushDomains")
    assert store.read <= 3 + 1


def test_no_spans_and_many_spans_are_counted_alike() -> None:
    assert most_at_once([], range(0, 11, 10)) == [0, 0]
    spans = [(float(at), float(at + 7)) for at in range(100)]
    assert most_at_once(spans, range(0, 121, 20)) == [7, 7, 7, 7, 7, 6, 0]


def test_the_spans_of_a_publish_lie_in_its_month_by_their_end(sdk: Sdk, store: FakeTable) -> None:
    record(sdk)
    published(NOON, NOON + 300, "a")
    (key,) = [key for key in store.items if key.pk.startswith("RECORDED#")]
    month = time.strftime("%Y-%m", time.gmtime(NOON))
    assert key == keys.recorded(month, DOMAIN, NOON + 300, key.sk.partition("#")[2])
