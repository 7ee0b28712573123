"""What a media of the VOD index looks like, through the official SDK."""

from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from chalicelib import keys
from chalicelib.recording.orders import RecordFormat
from chalicelib.vod.media import KEPT_SECONDS
from tests.fakes.table import FakeTable
from tests.media_builder import CREATED_AT, index
from tests.sdk import Sdk


def test_a_media_is_described_as_the_wire_does(any_sdk: Sdk) -> None:
    file_id = index(0)
    answer = any_sdk.raw("DescribeMediaInfos", "vod", FileIds=[file_id, "4"])
    assert answer == {
        "NotExistFileIdSet": ["4"],
        "MediaInfoSet": [
            {
                "FileId": file_id,
                "BasicInfo": {
                    "Name": "room-7_2026",
                    "Description": "",
                    "CreateTime": "2026-11-20T08:37:24Z",
                    "UpdateTime": "2026-11-20T08:37:24Z",
                    "ExpireTime": "9999-12-31T23:59:59Z",
                    "ClassId": 0,
                    "ClassName": "",
                    "ClassPath": "",
                    "CoverUrl": "",
                    "Type": "mp4",
                    "MediaUrl": f"https://cdn.example.com/media/{file_id}/f0.mp4",
                    "SourceInfo": {
                        "SourceType": "Record",
                        "SourceContext": "",
                        "LiveRecordInfo": {
                            "Domain": "push.example.com",
                            "Path": "live",
                            "StreamId": "room-7",
                            "RecordStartTime": "2026-11-20T08:36:14Z",
                            "RecordEndTime": "2026-11-20T08:37:14Z",
                        },
                    },
                    "StorageRegion": "us-east-1",
                    "StoragePath": f"media/{file_id}/f0.mp4",
                    "TagSet": [],
                    "Vid": file_id,
                    "Category": "Video",
                    "Status": "Normal",
                    "StorageClass": "STANDARD",
                },
                "MetaData": {
                    "Size": 15_000_000,
                    "Container": "mp4",
                    "Bitrate": 2_128_000,
                    "Height": 720,
                    "Width": 1280,
                    "Duration": 59.96,
                    "Rotate": 0,
                    "VideoStreamSet": [
                        {"Bitrate": 2_000_000, "Height": 720, "Width": 1280, "Codec": "h264", "Fps": 30}
                    ],
                    "AudioStreamSet": [{"Bitrate": 128_000, "SamplingRate": 44_100, "Codec": "aac"}],
                    "VideoDuration": 59.96,
                    "AudioDuration": 59.96,
                    "Md5": "",
                },
            }
        ],
    }
    assert any_sdk("DescribeMediaInfos", "vod", FileIds=[file_id])["MediaInfoSet"]  # the models know every field


def test_a_media_without_video_is_audio(sdk: Sdk) -> None:
    index(0, format=RecordFormat.AAC, video=None)
    (media,) = sdk("SearchMedia", "vod")["MediaInfoSet"]
    assert (media["BasicInfo"]["Category"], media["MetaData"]["VideoStreamSet"]) == ("Audio", [])
    assert (media["MetaData"]["Width"], media["MetaData"]["Bitrate"]) == (0, 128_000)


@pytest.mark.parametrize(
    ("filters", "parts"),
    [
        ([], {"FileId", "BasicInfo", "MetaData"}),
        (["basicInfo"], {"FileId", "BasicInfo"}),
        (["metaData", "transcodeInfo"], {"FileId", "MetaData"}),
        (["reviewInfo"], {"FileId"}),
    ],
    ids=["all", "basic", "meta-and-one-that-nothing-makes", "one-that-nothing-makes"],
)
def test_filters_choose_the_parts(sdk: Sdk, filters: list[str], parts: set[str]) -> None:
    file_id = index(0)
    for answer in (
        sdk.raw("DescribeMediaInfos", "vod", FileIds=[file_id], Filters=filters),
        sdk.raw("SearchMedia", "vod", Filters=filters),
    ):
        assert [set(media) for media in answer["MediaInfoSet"]] == [parts]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"FileIds": []}, ("InvalidParameterValue.FileIdsEmpty", "FileIds")),
        ({"FileIds": ["1"] * 21}, ("InvalidParameterValue.FileIdsOverLimit", "FileIds")),
        ({"FileIds": ["1" * 41]}, ("InvalidParameterValue.FileIds", "FileIds.0")),
        ({"FileIds": [""]}, ("InvalidParameterValue.FileIds", "FileIds.0")),
        ({"FileIds": ["1"], "Filters": ["everything"]}, ("InvalidParameterValue", "Filters.0")),
        ({"FileIds": ["1"], "SubAppId": -1}, ("InvalidParameterValue", "SubAppId")),
    ],
    ids=["none", "many", "long", "empty", "filter", "application"],
)
def test_a_wrong_description_request_is_refused(sdk: Sdk, fields: dict[str, Any], expected: tuple[str, str]) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk("DescribeMediaInfos", "vod", **fields)
    assert (refused.value.code, refused.value.message.partition(":")[0]) == expected


def test_a_media_whose_time_is_over_does_not_exist_any_more(sdk: Sdk) -> None:
    file_id = index(0, at=1_000_000_000.0, storage_seconds=60)
    assert sdk("SearchMedia", "vod", FileIds=[file_id]) == {"TotalCount": 0, "MediaInfoSet": []}
    answer = sdk("DescribeMediaInfos", "vod", FileIds=[file_id])
    assert answer == {"MediaInfoSet": [], "NotExistFileIdSet": [file_id]}


@pytest.mark.parametrize("storage_seconds", [1, 60, 129_600_000])
@pytest.mark.parametrize("at", [CREATED_AT, 1_000_000_000.0])
def test_the_table_removes_a_media_after_its_time_is_over_and_never_before(
    sdk: Sdk, store: FakeTable, at: float, storage_seconds: int
) -> None:
    item = store.items[keys.media(index(0, at=at, storage_seconds=storage_seconds))]
    assert isinstance(item["expires_at"], int), "the attribute that DynamoDB removes items by"
    assert at + storage_seconds + KEPT_SECONDS <= item["expires_at"] < at + storage_seconds + KEPT_SECONDS + 1


def test_the_table_keeps_a_media_that_is_stored_for_ever(sdk: Sdk, store: FakeTable) -> None:
    assert "expires_at" not in store.items[keys.media(index(0, storage_seconds=0))]
