"""Streams: which are live now."""

from typing import Annotated

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.moments import iso_text
from chalicelib.api.params import Params, ShortText
from chalicelib.ingest.admission import is_forbidden
from chalicelib.live.names import Domain, GivenPathName, PathName
from chalicelib.live.online import online

MOST_PAGES = 30_000
LARGEST_PAGE = 300_000


class DescribeLiveStreamOnlineList(Params):
    """Parameters of the action; a name left empty means any."""

    DomainName: ShortText = ""
    AppName: PathName = ""
    PageNum: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 1
    PageSize: Annotated[int, Field(ge=10, le=LARGEST_PAGE)] = 10
    StreamName: PathName = ""


class DescribeLiveStreamState(Params):
    """Parameters of the action."""

    AppName: GivenPathName
    DomainName: Domain
    StreamName: GivenPathName


def describe_online(params: DescribeLiveStreamOnlineList, call: Call) -> Answer:
    """A page of the streams that are live, by the time of their publish."""
    wanted = {"app": params.AppName, "stream": params.StreamName}
    found = [
        entry
        for entry in online(call.table, params.DomainName)
        if all(value in ("", entry[name]) for name, value in wanted.items())
    ]
    first = (params.PageNum - 1) * params.PageSize
    return {
        "TotalNum": len(found),
        "TotalPage": -(-len(found) // params.PageSize),
        "PageNum": params.PageNum,
        "PageSize": params.PageSize,
        "OnlineInfo": [
            {
                "StreamName": entry["stream"],
                "PublishTimeList": [{"PublishTime": iso_text(entry["published_at"])}],
                "AppName": entry["app"],
                "DomainName": entry["domain"],
                "PushToDelay": 0,
            }
            for entry in found[first : first + params.PageSize]
        ],
    }


def describe_state(params: DescribeLiveStreamState, call: Call) -> Answer:
    """Whether nobody may publish the stream, somebody does, or nobody."""
    address = (params.DomainName, params.AppName, params.StreamName)
    live, ban = keys.live(*address), keys.forbidden(*address)
    found = call.table.get_many([live, ban])
    if is_forbidden(found.get(ban), call.now):
        return {"StreamState": "forbid"}
    return {"StreamState": "active" if live in found else "inactive"}


ACTIONS: Actions = {
    "DescribeLiveStreamOnlineList": Action(DescribeLiveStreamOnlineList, describe_online),
    "DescribeLiveStreamState": Action(DescribeLiveStreamState, describe_state),
}
