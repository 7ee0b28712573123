"""Publishes that have ended or were refused: kept for half a year, listed by their end, in all domains or in one."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.moments import IsoText, iso_moment, iso_text
from chalicelib.api.params import Params, ShortText, Switch
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue
from chalicelib.ingest.hooks import PublishHook
from chalicelib.live.names import Domain, PathName
from chalicelib.notify.events import Ending
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Put, no_such_item

KEPT_SECONDS = 180 * 86_400
ASKED_BACK_SECONDS = 62 * 86_400
SPAN_SECONDS = 31 * 86_400
MOST_ENTRIES = 10_000
"""Publishes of a span that are looked at, the vendor's figure too: those that sort first."""
LARGEST_PAGE = 100
ENDED, REFUSED = "ended", "refused"


def ended(session: Item, ending: Ending, *, now: float) -> Put:
    """The entry of a session that ends at `now` (unix s)."""
    stream = StreamRef(domain=session["domain"], app=session["app"], stream=session["stream"])
    facts = {
        "started_at": session["published_at"],
        "ended_at": max(now, session["published_at"]),
        "client_ip": session["client_ip"],
        "reason": ending.message,
    }
    return _entry(stream, session["session_id"], ENDED, facts)


def refused(hook: PublishHook, refusal_id: str, ending: Ending, *, at: float) -> Put:
    """The entry of a publish that was not let in at `at` (unix s)."""
    facts = {"started_at": at, "ended_at": at, "client_ip": hook.client_ip, "reason": ending.message}
    return _entry(hook.stream, refusal_id, REFUSED, facts)


def _entry(stream: StreamRef, unique: str, what: str, facts: dict[str, Any]) -> Put:
    item = {
        "domain": stream.domain,
        "app": stream.app,
        "stream": stream.stream,
        "facets": what,
        **facts,
        "expires_at": int(facts["ended_at"]) + KEPT_SECONDS,
        "LPK": keys.ALL_HISTORY,
        "SPK": keys.history_of_stream(stream.domain, stream.app, stream.stream),
        "LSK": keys.by_time(facts["ended_at"], unique),
    }
    return Put(key=keys.history(stream.domain, facts["ended_at"], unique), item=item, when=[no_such_item])


class DescribeLiveStreamEventList(Params):
    """Parameters of the action; a name left empty means any."""

    StartTime: IsoText
    EndTime: IsoText
    AppName: PathName = ""
    DomainName: ShortText = ""
    StreamName: PathName = ""
    PageNum: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 1
    PageSize: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 10
    IsFilter: Switch = 0
    IsStrict: Switch = 0
    IsAsc: Switch = 0


class DescribeLiveStreamPublishedList(Params):
    """Parameters of the action."""

    DomainName: Domain
    EndTime: IsoText
    StartTime: IsoText
    AppName: PathName = ""
    PageNum: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 1
    PageSize: Annotated[int, Field(ge=10, le=LARGEST_PAGE)] = 10
    StreamName: PathName = ""


def describe_events(params: DescribeLiveStreamEventList, call: Call) -> Answer:
    """A page of what ended or was refused, by its end, the latest first unless asked otherwise."""
    wanted = _wanted(params, is_strict=bool(params.IsStrict), with_refused=not params.IsFilter)
    entries = [entry for entry in _entries(params, call, descending=not params.IsAsc) if wanted(entry)]
    return _page("EventList", entries, params, call)


def describe_published(params: DescribeLiveStreamPublishedList, call: Call) -> Answer:
    """A page of the publishes of a domain that have ended, the latest first."""
    wanted = _wanted(params, is_strict=False, with_refused=False)
    entries = [entry for entry in _entries(params, call, descending=True) if wanted(entry)]
    return _page("PublishInfo", entries, params, call)


def _entries(
    params: DescribeLiveStreamEventList | DescribeLiveStreamPublishedList, call: Call, *, descending: bool
) -> Iterator[Item]:
    first, last = _span(params.StartTime, params.EndTime, call.now)
    in_one_domain = params.DomainName != ""
    return call.table.query(
        keys.history_partition(params.DomainName) if in_one_domain else keys.ALL_HISTORY,
        index=None if in_one_domain else keys.LISTING,
        first=keys.by_time(first, ""),
        last=keys.by_time(last, "~"),
        descending=descending,
        limit=MOST_ENTRIES,
    )


def _span(start: str, end: str, now: float) -> tuple[float, float]:
    first, last = iso_moment(start), iso_moment(end)
    if first < now - ASKED_BACK_SECONDS:
        raise InvalidParameterValue("StartTime: at most two months back.")
    if not first <= last <= first + SPAN_SECONDS:
        raise InvalidParameterValue("EndTime: must not lie before StartTime, nor more than a month after it.")
    return first, last + 0.999  # the wire's moments are whole seconds


def _wanted(
    params: DescribeLiveStreamEventList | DescribeLiveStreamPublishedList, *, is_strict: bool, with_refused: bool
) -> Callable[[Item], bool]:
    def is_wanted(entry: Item) -> bool:
        has_name = entry["stream"] == params.StreamName if is_strict else params.StreamName in entry["stream"]
        return (
            (has_name or not params.StreamName)
            and params.AppName in ("", entry["app"])
            and (with_refused or entry["facets"] == ENDED)
        )

    return is_wanted


def _page(
    name: str,
    entries: list[Item],
    params: DescribeLiveStreamEventList | DescribeLiveStreamPublishedList,
    call: Call,
) -> Answer:
    first = (params.PageNum - 1) * params.PageSize
    places = [keys.Key(entry["PK"], entry["SK"]) for entry in entries[first : first + params.PageSize]]
    found = call.table.get_many(places)
    return {
        name: [_info(found[place]) for place in places if place in found],
        "PageNum": params.PageNum,
        "PageSize": params.PageSize,
        "TotalNum": len(entries),
        "TotalPage": -(-len(entries) // params.PageSize),
    }


def _info(entry: Item) -> dict[str, Any]:
    return {
        "AppName": entry["app"],
        "DomainName": entry["domain"],
        "StreamName": entry["stream"],
        "StreamStartTime": iso_text(entry["started_at"]),
        "StreamEndTime": iso_text(entry["ended_at"]),
        "StopReason": entry["reason"],
        "Duration": int(entry["ended_at"] - entry["started_at"]),
        "ClientIp": entry["client_ip"],
        "Resolution": "",
    }


ACTIONS: Actions = {
    "DescribeLiveStreamEventList": Action(DescribeLiveStreamEventList, describe_events),
    "DescribeLiveStreamPublishedList": Action(DescribeLiveStreamPublishedList, describe_published),
}
