"""DescribeMediaInfos: media by their ids."""

from typing import Annotated

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import Natural, Params
from chalicelib.errors import InvalidParameterValue
from chalicelib.vod.media import facets_of, is_kept
from chalicelib.vod.media_parts import Part, media_info

MOST_FILE_IDS = 20
FileId = Annotated[str, Field(min_length=1, max_length=40)]


class DescribeMediaInfos(Params):
    """Parameters of the action."""

    fields_with_own_code = frozenset({"FileIds"})

    FileIds: list[FileId]
    SubAppId: Natural | None = None
    Filters: Annotated[list[Part], Field(max_length=20)] = Field(default_factory=list)


def describe(params: DescribeMediaInfos, call: Call) -> Answer:
    """Media in the order asked for, and the ids that name none."""
    if not params.FileIds:
        raise InvalidParameterValue("FileIds: give at least one.", suffix="FileIdsEmpty")
    if len(params.FileIds) > MOST_FILE_IDS:
        raise InvalidParameterValue(f"FileIds: at most {MOST_FILE_IDS}.", suffix="FileIdsOverLimit")
    items = call.table.get_many(keys.media(file_id) for file_id in params.FileIds).values()
    facets = {item["FileId"]: facets_of(item) for item in items}
    found = {
        item["FileId"]: item
        for item in items
        if is_kept(facets[item["FileId"]], call.now) and params.SubAppId in (None, facets[item["FileId"]]["sub_app_id"])
    }
    wanted = list(dict.fromkeys(params.FileIds))
    return {
        "MediaInfoSet": [media_info(found[file_id], params.Filters) for file_id in wanted if file_id in found],
        "NotExistFileIdSet": [file_id for file_id in wanted if file_id not in found],
    }


ACTIONS: Actions = {"DescribeMediaInfos": Action(DescribeMediaInfos, describe)}
