"""How media of the VOD index are found, through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib.api.moments import iso_text
from chalicelib.recording.orders import RecordFormat
from chalicelib.vod import search
from tests.fakes.table import FakeTable
from tests.media_builder import CREATED_AT, index, of
from tests.sdk import Sdk


def found(sdk: Sdk, **fields: Any) -> list[str]:
    answer = sdk("SearchMedia", "vod", **fields)
    ids = [media["FileId"] for media in answer["MediaInfoSet"]]
    assert answer["TotalCount"] >= len(ids)
    return ids


def refusal(sdk: Sdk, **fields: Any) -> tuple[str, str]:
    """Code and field of the error that a search gives."""
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("SearchMedia", "vod", **fields)
    return refused.value.code, refused.value.message.partition(":")[0]


def test_media_are_found_by_stream_prefix_time_and_id_newest_first(any_sdk: Sdk) -> None:
    a = [index(n, name=f"a-{n}", **of("room-a")) for n in (0, 2, 4)]
    b = [index(n, name=f"b-{n}", **of("流 b/../c")) for n in (1, 3)]
    both = [a[2], b[1], a[1], b[0], a[0]]
    assert found(any_sdk) == both
    assert found(any_sdk, StreamIds=["room-a"]) == a[::-1]
    assert found(any_sdk, StreamId="流 b/../c") == b[::-1]
    assert found(any_sdk, StreamIds=["room-a", "流 b/../c", "room-a", "x"]) == both
    assert found(any_sdk, StreamIds=["room-a", "流 b/../c"], Sort={"Field": "CreateTime", "Order": "Asc"}) == both[::-1]
    assert found(any_sdk, NamePrefixes=["a-"]) == a
    assert found(any_sdk, NamePrefixes=["b-", "a-2", "a-2", "b"]) == [a[1], *b]
    assert found(any_sdk, NamePrefixes=["a-"], Sort={"Order": "Desc"}) == a[::-1]
    assert found(any_sdk, FileIds=[a[0], "4", b[0]]) == [b[0], a[0]]
    assert found(any_sdk, CreateTime={"After": "2026-11-20T08:37:25Z", "Before": "2026-11-20T16:37:27+08:00"}) == [
        b[1],
        a[1],
        b[0],
    ]
    assert found(any_sdk, StreamIds=["room-a"], CreateTime={"After": "2026-11-20T08:37:26Z"}) == a[:0:-1]
    assert found(any_sdk, StreamIds=["room-a"], EndTime="2026-11-20T08:37:25Z") == [a[0]]
    assert found(any_sdk, FileIds=a, NamePrefixes=["a-4"], StreamIds=["room-a"]) == [a[2]]


def test_a_search_is_read_page_by_page(any_sdk: Sdk) -> None:
    ids = [index(n) for n in range(25)][::-1]
    assert found(any_sdk) == ids[:10]
    assert found(any_sdk, Offset=20, Limit=10) == ids[20:]
    assert found(any_sdk, Offset=100, Limit=10) == []
    assert any_sdk("SearchMedia", "vod", Limit=0) == {"TotalCount": 25, "MediaInfoSet": []}


FACTS: dict[str, Any] = {
    "name": "Evening Show",
    "class_id": 7,
    "sub_app_id": 9,
    "storage_seconds": 3600,
    "format": RecordFormat.HLS,
    **of("room-8", domain="other.example.com", app="studio"),
}


@pytest.mark.parametrize(
    ("matching", "other"),
    [
        ({"Names": ["x", "evening s"]}, {"Names": ["morning"]}),
        ({"NamePrefixes": ["Evening"]}, {"NamePrefixes": ["evening"]}),
        ({"Text": "SHOW"}, {"Text": "shows"}),
        ({"ClassIds": [1, 7]}, {"ClassIds": [8]}),
        ({"Categories": ["Video"]}, {"Categories": ["Image"]}),
        ({"SourceTypes": ["Record", "Upload"]}, {"SourceTypes": ["Upload"]}),
        ({"SourceType": "Record"}, {"SourceType": "Upload"}),
        ({"StreamIds": ["room-8"]}, {"StreamIds": ["room-9"]}),
        ({"StreamDomains": ["Other.Example.com"]}, {"StreamDomains": ["example.com"]}),
        ({"StreamPaths": ["studio"]}, {"StreamPaths": ["studi"]}),
        ({"StorageRegions": ["us-east-1"]}, {"StorageRegions": ["ap-chongqing"]}),
        ({"StorageClasses": ["STANDARD"]}, {"StorageClasses": ["ARCHIVE"]}),
        ({"MediaTypes": ["HLS"]}, {"MediaTypes": ["webm"]}),
        ({"Status": ["Normal"]}, {"Status": ["Forbidden"]}),
        ({"ReviewResults": ["notModerated"]}, {"ReviewResults": ["pass"]}),
        ({"SubAppId": 9}, {"SubAppId": 8}),
        ({"ExpireTime": {"Before": "2026-11-20T09:37:30Z"}}, {"ExpireTime": {"Before": "2026-11-20T09:37:20Z"}}),
        ({"CreateTime": {"After": "2026-11-20T08:37:24Z"}}, {"CreateTime": {"After": "2026-11-20T08:37:25Z"}}),
        ({"StartTime": "2026-11-20T08:37:24Z"}, {"StartTime": "2026-11-20T08:37:25Z"}),
        ({"EndTime": "2026-11-20T08:37:24Z"}, {"EndTime": "2026-11-20T08:37:23Z"}),
        ({"Vids": ["x"], "Vid": "x"}, {"Tags": ["x"]}),
        ({}, {"Descriptions": ["x"]}),
        ({}, {"TrtcSdkAppIds": [1]}),
        ({}, {"TrtcRoomIds": ["1"]}),
        ({}, {"KnowledgeBases": ["x"]}),
    ],
    ids=lambda fields: "-".join(fields) or "nothing",
)
def test_every_field_that_restricts_does_so(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, matching: dict[str, Any], other: dict[str, Any]
) -> None:
    monkeypatch.setattr("time.time", lambda: CREATED_AT)  # the SDK signs, and the media expires, by this clock
    file_id = index(0, **FACTS)
    index(1, at=CREATED_AT - 100_000, **(FACTS | {"storage_seconds": 60}))  # its time is over
    assert found(sdk, **matching) == [file_id]
    assert found(sdk, **(matching | other)) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Offset": 4990, "Limit": 11}, ("InvalidParameterValue.Offset", "Limit")),
        ({"Offset": -1}, ("InvalidParameterValue.Offset", "Offset")),
        ({"Limit": -1}, ("InvalidParameterValue", "Limit")),
        ({"Sort": {"Field": "Name"}}, ("InvalidParameterValue.Sort", "Sort.Field")),
        ({"Sort": {"Order": "asc"}}, ("InvalidParameterValue.Sort", "Sort.Order")),
        ({"FileIds": ["1"] * 11}, ("InvalidParameterValue.FileIds", "FileIds")),
        ({"FileIds": ["1" * 41]}, ("InvalidParameterValue.FileIds", "FileIds.0")),
        ({"Names": ["n" * 101]}, ("InvalidParameterValue.Names", "Names.0")),
        ({"NamePrefixes": ["n" * 101]}, ("InvalidParameterValue.NamePrefixes", "NamePrefixes.0")),
        ({"StreamIds": ["s"] * 11}, ("InvalidParameterValue.StreamIds", "StreamIds")),
        ({"Tags": ["t"] * 17}, ("InvalidParameterValue.Tags", "Tags")),
        ({"Categories": ["Films"]}, ("InvalidParameterValue.Categories", "Categories.0")),
        ({"StorageClasses": ["COLD"]}, ("InvalidParameterValue", "StorageClasses.0")),
        ({"Status": ["normal"]}, ("InvalidParameterValue", "Status.0")),
        ({"ReviewResults": ["ok"]}, ("InvalidParameterValue", "ReviewResults.0")),
        ({"CreateTime": {"After": "yesterday"}}, ("InvalidParameterValue", "CreateTime.After")),
        ({"ExpireTime": {"Before": "2026-11-20T08:37:24"}}, ("InvalidParameterValue", "ExpireTime.Before")),
        ({"StartTime": "0"}, ("InvalidParameterValue.StartTime", "StartTime")),
        ({"Text": "t" * 65}, ("InvalidParameterValue.Text", "Text")),
        ({"Filters": ["all"]}, ("InvalidParameterValue", "Filters.0")),
    ],
    ids=str,
)
def test_a_wrong_search_is_refused(sdk: Sdk, fields: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refusal(sdk, **fields) == expected


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"])
def test_moments_far_from_the_present_are_compared_like_others(any_sdk: Sdk, moment: str) -> None:
    file_id = index(0)
    is_past = moment < "2000"
    assert found(any_sdk, CreateTime={"After": moment}) == ([file_id] if is_past else [])
    assert found(any_sdk, CreateTime={"Before": moment}) == ([] if is_past else [file_id])


def test_names_of_any_length_and_spelling_are_indexed_and_found(any_sdk: Sdk) -> None:
    names = ["直播" * 400, "a/b c+d", "../x", "\U0001f600" * 300, ""]
    ids = {name: index(number, name=name) for number, name in enumerate(names)}
    for name in filter(None, names):
        assert found(any_sdk, NamePrefixes=[name[:100]]) == [ids[name]]


def test_a_search_looks_at_five_thousand_entries_and_says_so_when_that_is_not_enough(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 20)
    ids = [index(n, name=f"n-{n:02d}") for n in range(30)]
    answer = sdk("SearchMedia", "vod", Limit=3)
    assert (answer["TotalCount"], [media["FileId"] for media in answer["MediaInfoSet"]]) == (20, ids[:-4:-1])
    assert found(sdk, StreamIds=["room-7"], Limit=1) == ids[-1:]
    assert found(sdk, NamePrefixes=["n-"], Limit=1) == ids[:1]
    assert found(sdk, CreateTime={"Before": "2026-11-20T08:37:26Z"}, Limit=1) == [ids[2]]
    for undecided in ({"MediaTypes": ["mp4"]}, {"Names": ["n"]}, {"NamePrefixes": ["n"], "Sort": {"Order": "Asc"}}):
        assert refusal(sdk, **undecided)[0] == "LimitExceeded"
    assert store.calls.count("get_many") == 4, "one page for each answer, nothing for a refusal"
    assert found(sdk, StreamIds=["room-7"], StartTime="2026-11-20T08:37:50Z", MediaTypes=["mp4"], Limit=1) == ids[-1:]


def test_an_answer_that_no_function_may_return_is_refused(sdk: Sdk, store: FakeTable) -> None:
    for number in range(3):
        index(number)
    for key in [key for key in store.items if key.pk.startswith("MEDIA#")]:
        store.items[key]["MetaData"]["Md5"] = "x" * 2_000_000
    assert refusal(sdk)[0] == "ResponseSizeLimitExceeded"
    assert len(found(sdk, Limit=2)) == 2


def test_a_search_over_several_streams_reads_five_thousand_keys_at_the_most(
    any_sdk: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 24)
    streams = [f"s{number}" for number in range(3)]
    ids = [index(number, **of(streams[number % 3])) for number in range(60)]
    answer = any_sdk("SearchMedia", "vod", StreamIds=streams, Limit=10)
    assert [media["FileId"] for media in answer["MediaInfoSet"]] == ids[::-1][:10]
    assert 12 <= answer["TotalCount"] <= 24
    assert refusal(any_sdk, StreamIds=streams, MediaTypes=["mp4"])[0] == "LimitExceeded"
    assert found(any_sdk, StreamIds=streams, CreateTime={"After": iso_text(CREATED_AT + 50)}, Limit=24) == ids[:49:-1]


LONG_AGO = 1_000_000_000.0
READ_ON: list[dict[str, Any]] = [
    {"Sort": {"Order": "Asc"}},
    {"Sort": {"Order": "Desc"}},
    {"StreamIds": ["room-7"]},
    {"MediaTypes": ["mp4"]},
]
"""Searches that read past expired media."""
SEARCHES: list[dict[str, Any]] = [
    *READ_ON,
    {"StreamIds": ["room-7", "room-8"]},
    {"NamePrefixes": ["room"]},
    {"NamePrefixes": ["room"], "Sort": {"Order": "Asc"}},
]


def expired_between_two_that_last(expired: int) -> set[str]:
    """Media in the index whose time is over, one kept for ever before them and one behind; the ids of the two."""
    for number in range(1, expired + 1):
        index(number, at=LONG_AGO + number, storage_seconds=60)
    return {index(0, at=LONG_AGO), index(expired + 1, at=LONG_AGO + expired + 1)}


@pytest.mark.parametrize("fields", READ_ON, ids=str)
def test_media_whose_time_is_over_keep_no_other_from_being_found(
    any_sdk: Sdk, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 10)
    monkeypatch.setattr(search, "MOST_READ", 40)
    lasting = expired_between_two_that_last(14)
    answer = any_sdk("SearchMedia", "vod", **fields)
    assert answer["TotalCount"] == 2
    assert {media["FileId"] for media in answer["MediaInfoSet"]} == lasting


@pytest.mark.parametrize("fields", SEARCHES, ids=str)
def test_where_too_many_media_have_expired_a_search_is_refused_rather_than_answered_in_part(
    sdk: Sdk, store: FakeTable, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any]
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 10)
    monkeypatch.setattr(search, "MOST_READ", 40)
    lasting = expired_between_two_that_last(60)
    assert refusal(sdk, **fields)[0] == "LimitExceeded"
    assert store.read <= 40
    narrow = {"StreamIds": ["room-7"], "CreateTime": {"Before": iso_text(LONG_AGO + 15)}}
    assert set(found(sdk, **narrow)) < lasting


def test_media_that_are_kept_fill_an_answer_before_expired_ones_are_read(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_FOUND", 10)
    monkeypatch.setattr(search, "MOST_READ", 40)
    expired_between_two_that_last(60)
    for number in range(70, 82):
        index(number, at=LONG_AGO + number)
    assert sdk("SearchMedia", "vod")["TotalCount"] == 10
