"""Streams dropped, forbidden and resumed through the official SDK, at an origin that answers as SRS does."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import aws, keys
from chalicelib.api.moments import iso_moment, iso_text
from chalicelib.ingest import origin_control
from chalicelib.ingest.admission import NotAdmitted
from chalicelib.live import stream_control
from chalicelib.settings import settings
from chalicelib.table import Update
from tests.contract.publishers import DOMAIN, address, publish, unpublish
from tests.fakes.origin_api import SrsApi
from tests.fakes.serving import serving
from tests.sdk import Sdk, now


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Iterator[SrsApi]:
    """The origin's HTTP API, with one client."""
    origin_control.credentials.cache_clear()
    srs = SrsApi(clients={"c1"})
    with serving(srs.application()) as url:
        monkeypatch.setenv("ORIGIN_CONTROL_URL", url)
        settings.cache_clear()
        yield srs
    origin_control.credentials.cache_clear()


def state(sdk: Sdk, stream: str = "room") -> str:
    return str(sdk("DescribeLiveStreamState", **address(stream))["StreamState"])


def ended(sdk: Sdk) -> list[tuple[str, str]]:
    """Stream and reason of each entry of the history, the latest first."""
    span = {"StartTime": iso_text(now() - 3600), "EndTime": iso_text(now() + 120)}
    found = sdk("DescribeLiveStreamEventList", **span)["EventList"]
    return [(each["StreamName"], each["StopReason"]) for each in found]


def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(TencentCloudSDKException) as refusal:
        call()
    return refusal.value.code, refusal.value.message.partition(":")[0]


def test_a_dropped_stream_is_gone_and_may_be_published_again(any_sdk: Sdk, origin: SrsApi) -> None:
    publish(time.time())
    assert any_sdk("DropLiveStream", **address()) == {}
    assert origin.clients == set()
    assert state(any_sdk) == "inactive"
    assert ended(any_sdk) == [("room", "21.100 dropped by DropLiveStream")]
    publish(time.time(), client="c2")
    assert state(any_sdk) == "active"


def test_a_stream_that_nobody_publishes_is_dropped_without_asking_the_origin(any_sdk: Sdk, origin: SrsApi) -> None:
    assert any_sdk("DropLiveStream", **address()) == {}
    assert origin.asked == []


def test_the_origin_s_own_hook_may_come_first(any_sdk: Sdk, origin: SrsApi) -> None:
    origin.on_drop = lambda client_id: unpublish(time.time(), client=client_id)
    publish(time.time())
    any_sdk("DropLiveStream", **address())
    assert ended(any_sdk) == [("room", "21.100 dropped by DropLiveStream")]
    assert state(any_sdk) == "inactive"


def test_both_of_two_publishers_are_dropped(sdk: Sdk, origin: SrsApi) -> None:
    origin.clients = {"c1", "c2"}
    publish(time.time())
    credentials, origin.credentials = origin.credentials, "admin:another"  # it does not say that the first is there
    publish(time.time(), client="c2")
    origin.credentials = credentials
    sdk("DropLiveStream", **address())
    assert origin.clients == set()
    assert state(sdk) == "inactive"


def test_a_publisher_that_the_origin_does_not_drop_stays_live(sdk: Sdk, origin: SrsApi) -> None:
    publish(time.time())
    origin.credentials = "admin:another"
    assert refused(lambda: sdk("DropLiveStream", **address()))[0] == "FailedOperation.CallOtherSvrFailed"
    assert state(sdk) == "active"
    unpublish(time.time() + 61)
    assert ended(sdk) == [("room", "the publisher has left")]


def test_a_forbidden_stream_is_dropped_and_refused_until_it_is_resumed(any_sdk: Sdk, origin: SrsApi) -> None:
    publish(time.time())
    assert any_sdk("ForbidLiveStream", **address(), Reason="a test") == {}
    assert origin.clients == set()
    assert state(any_sdk) == "forbid"
    with pytest.raises(NotAdmitted, match=r"^18\.305 "):
        publish(time.time(), client="c2")
    assert {reason for _, reason in ended(any_sdk)} == {
        "21.101 forbidden by ForbidLiveStream",
        "18.305 the stream is forbidden",
    }
    assert any_sdk("ResumeLiveStream", **address()) == {}
    assert any_sdk("ResumeLiveStream", **address()) == {}
    assert state(any_sdk) == "inactive"
    publish(time.time(), client="c3")
    assert state(any_sdk) == "active"


def test_a_stream_is_forbidden_though_the_origin_cannot_be_reached(sdk: Sdk) -> None:
    publish(time.time())
    assert refused(lambda: sdk("ForbidLiveStream", **address()))[0] == "FailedOperation.CallOtherSvrFailed"
    assert state(sdk) == "forbid"


def test_the_tick_drops_who_publishes_a_stream_that_was_forbidden_lately(any_sdk: Sdk, origin: SrsApi) -> None:
    credentials, origin.credentials = origin.credentials, "admin:another"
    publish(time.time())
    assert refused(lambda: any_sdk("ForbidLiveStream", **address()))[0] == "FailedOperation.CallOtherSvrFailed"
    stream_control.sweep(aws.table(), now=time.time())
    assert any_sdk("DescribeLiveStreamOnlineList")["TotalNum"] == 1
    origin.credentials = credentials
    for seconds in (stream_control.SWEPT_SECONDS + 1, 60):
        assert origin.clients == {"c1"}
        stream_control.sweep(aws.table(), now=time.time() + seconds)
    assert origin.clients == set()
    assert any_sdk("DescribeLiveStreamOnlineList")["TotalNum"] == 0


def test_the_tick_leaves_a_stream_alone_that_was_resumed(sdk: Sdk, origin: SrsApi) -> None:
    sdk("ForbidLiveStream", **address())
    sdk("ResumeLiveStream", **address())
    publish(time.time())
    stream_control.sweep(aws.table(), now=time.time())
    assert state(sdk) == "active"


@pytest.mark.parametrize(("resume", "days"), [("", 7), ("in 90 days", 90)], ids=["left out", "at most"])
def test_a_ban_lasts_seven_days_or_as_long_as_asked(sdk: Sdk, resume: str, days: int) -> None:
    at = now() + days * 86_400 - 5
    sdk("ForbidLiveStream", **address(), **({"ResumeTime": iso_text(at)} if resume else {}))
    (ban,) = sdk.raw("DescribeLiveForbidStreamList")["ForbidStreamList"]
    assert ban.keys() == {"StreamName", "CreateTime", "ExpireTime"}
    assert ban["StreamName"] == "room"
    assert abs(iso_moment(ban["ExpireTime"]) - at) < 10


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"ResumeTime": iso_text(now() - 60)}, "ResumeTime"),
        ({"ResumeTime": iso_text(now() + 91 * 86_400)}, "ResumeTime"),
        ({"ResumeTime": "tomorrow"}, "ResumeTime"),
        ({"ResumeTime": "2026-11-20 10:00:00"}, "ResumeTime"),
        ({"Reason": "x" * 2049}, "Reason"),
        ({"Reason": "直" * 683}, "Reason"),
        ({"StreamName": ""}, "StreamName"),
        ({"AppName": "x" * 256}, "AppName"),
    ],
    ids=["past", "too far", "no time", "no zone", "long reason", "long in bytes", "no stream", "long app"],
)
def test_a_wrong_ban_is_refused(sdk: Sdk, fields: dict[str, str], named: str) -> None:
    assert refused(lambda: sdk("ForbidLiveStream", **(address() | fields))) == ("InvalidParameterValue", named)
    assert sdk.raw("DescribeLiveForbidStreamList")["TotalNum"] == 0


@pytest.mark.parametrize("action", ["DropLiveStream", "ForbidLiveStream", "ResumeLiveStream"])
def test_a_domain_that_is_none_is_refused(sdk: Sdk, action: str) -> None:
    code = refused(lambda: sdk(action, **(address() | {"DomainName": "no domain"})))
    assert code == ("InvalidParameter.DomainFormatError", "DomainName")


def test_forbidden_streams_are_listed_page_by_page_and_those_whose_time_has_come_are_not(any_sdk: Sdk) -> None:
    for number in range(12):
        any_sdk("ForbidLiveStream", **address(f"s{number:02d}"))
    is_over = Update(key=keys.forbidden(DOMAIN, "live", "s11"), set={"resume_at": 1.0, "facets": 1.0})
    aws.table().update(is_over)
    pages = [any_sdk.raw("DescribeLiveForbidStreamList", PageNum=number) for number in (1, 2, 3)]
    names = [[each["StreamName"] for each in page["ForbidStreamList"]] for page in pages]
    assert names == [[f"s{number:02d}" for number in range(10, 0, -1)], ["s00"], []]
    assert {(page["TotalNum"], page["TotalPage"], page["PageSize"]) for page in pages} == {(11, 2, 10)}
    named = any_sdk.raw("DescribeLiveForbidStreamList", StreamName="s03", PageSize=1)
    assert [each["StreamName"] for each in named["ForbidStreamList"]] == ["s03"]
