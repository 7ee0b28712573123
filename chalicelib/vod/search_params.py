"""The fields of SearchMedia and their limits (wire.md, section 9)."""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from chalicelib.api.moments import IsoText
from chalicelib.api.params import Natural, Params, matching
from chalicelib.vod.media_parts import Part

MOST_FOUND = 5000


def one_of(*values: str) -> AfterValidator:
    """One of the values that the wire lists."""
    return matching(values.__contains__, f"one of: {', '.join(values)}")


Ten: Any = Field(default_factory=list, max_length=10)
Twenty: Any = Field(default_factory=list, max_length=20)
SearchText: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]
StreamName: TypeAlias = Annotated[str, Field(max_length=255)]
Category: TypeAlias = Annotated[str, one_of("Video", "Audio", "Image")]
StorageChoice: TypeAlias = Annotated[str, one_of("STANDARD", "STANDARD_IA", "ARCHIVE", "DEEP_ARCHIVE")]
MediaStatus: TypeAlias = Annotated[str, one_of("Normal", "SystemForbidden", "Forbidden")]
ReviewResult: TypeAlias = Annotated[str, one_of("pass", "review", "block", "notModerated")]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=64)]


class TimeRange(Params):
    """A span of time, its ends included."""

    After: IsoText | None = None
    Before: IsoText | None = None


class SortBy(Params):
    """The order of what was found."""

    Field: Annotated[str, one_of("CreateTime")] = "CreateTime"
    Order: Annotated[str, one_of("Asc", "Desc")] = "Desc"


class SearchMedia(Params):
    """Parameters of the action: values of one field are alternatives, fields narrow each other."""

    fields_with_own_code = frozenset(
        {
            "Categories",
            "ClassIds",
            "EndTime",
            "FileIds",
            "NamePrefixes",
            "Names",
            "Offset",
            "Sort",
            "SourceType",
            "SourceTypes",
            "StartTime",
            "StorageRegions",
            "StreamIds",
            "SubAppId",
            "Tags",
            "Text",
            "Vids",
        }
    )

    SubAppId: Natural | None = None
    FileIds: list[Annotated[str, Field(min_length=1, max_length=40)]] = Ten
    Names: list[SearchText] = Ten
    NamePrefixes: list[SearchText] = Ten
    Descriptions: list[SearchText] = Ten
    ClassIds: list[Natural] = Ten
    Tags: list[Annotated[str, Field(min_length=1, max_length=32)]] = Field(default_factory=list, max_length=16)
    Categories: list[Category] = Ten
    SourceTypes: list[Word] = Ten
    StreamIds: list[StreamName] = Ten
    CreateTime: TimeRange = Field(default_factory=TimeRange)
    ExpireTime: TimeRange = Field(default_factory=TimeRange)
    StorageRegions: list[Annotated[str, Field(min_length=1, max_length=20)]] = Twenty
    StorageClasses: list[StorageChoice] = Ten
    MediaTypes: list[Word] = Ten
    Status: list[MediaStatus] = Ten
    ReviewResults: list[ReviewResult] = Ten
    TrtcSdkAppIds: list[Natural] = Ten
    TrtcRoomIds: list[Word] = Ten
    Filters: list[Part] = Twenty
    Sort: SortBy = Field(default_factory=SortBy)
    Offset: Annotated[int, Field(ge=0, le=MOST_FOUND)] = 0
    Limit: Annotated[int, Field(ge=0, le=MOST_FOUND)] = 10
    Text: Annotated[str, Field(max_length=64)] = ""
    SourceType: Annotated[str, Field(max_length=64)] = ""
    StreamId: StreamName = ""
    StartTime: IsoText | None = None
    EndTime: IsoText | None = None
    Vids: list[Word] = Ten
    """Without meaning on the wire, as `Vid`."""
    Vid: Annotated[str, Field(max_length=64)] = ""
    StreamDomains: list[Annotated[str, Field(max_length=255)]] = Ten
    StreamPaths: list[StreamName] = Ten
    KnowledgeBases: list[Word] = Ten
