"""The parts of a MediaInfo: how `Filters` names them, and where they lie."""

from collections.abc import Sequence
from typing import Annotated, Any

from chalicelib.api.params import matching
from chalicelib.attribute_values import Item

STORED = {"basicInfo": "BasicInfo", "metaData": "MetaData"}
NOT_MADE = frozenset(
    {
        "adaptiveDynamicStreamingInfo",
        "animatedGraphicsInfo",
        "imageSpriteInfo",
        "keyFrameDescInfo",
        "knowledgeBasesInfo",
        "miniProgramReviewInfo",
        "mpsAiMediaInfo",
        "reviewInfo",
        "sampleSnapshotInfo",
        "snapshotByTimeOffsetInfo",
        "subtitleInfo",
        "transcodeInfo",
    }
)
"""Parts that nothing makes yet: they may be asked for, and are not there."""
PARTS = STORED.keys() | NOT_MADE
Part = Annotated[str, matching(PARTS.__contains__, f"one of: {', '.join(sorted(PARTS))}")]


def media_info(item: Item, filters: Sequence[str]) -> dict[str, Any]:
    """A MediaInfo of the wire: those of the stored parts that `filters` asks for, all where it is empty."""
    wanted = [part for name, part in STORED.items() if not filters or name in filters]
    return {"FileId": item["FileId"]} | {part: item[part] for part in wanted}
