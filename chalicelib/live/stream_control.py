"""Streams ended and forbidden: the origin drops the publisher, the session ends, and event 0 says why."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.moments import IsoText, iso_moment, iso_text
from chalicelib.api.params import Params, at_most_bytes
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue, OriginDidNot
from chalicelib.ingest import origin_control
from chalicelib.ingest.admission import is_forbidden
from chalicelib.ingest.hooks import ControlFailed, Publisher
from chalicelib.live import callbacks
from chalicelib.live.names import Domain, GivenPathName, PathName
from chalicelib.logs import log
from chalicelib.notify.events import Ending
from chalicelib.recording import publishing, session
from chalicelib.recording.stream import StreamRef
from chalicelib.table import ConditionFailed, Delete, Put, Table

DROPPED = Ending(code=21, message="21.100 dropped by DropLiveStream")
FORBIDDEN = Ending(code=21, message="21.101 forbidden by ForbidLiveStream")
FORBIDDEN_SECONDS = 7 * 86_400
LONGEST_FORBIDDEN_SECONDS = 90 * 86_400
SWEPT_SECONDS = 600
"""How long the tick looks for the publisher of a stream that was forbidden."""
SWEEPING_SECONDS = 15.0
"""How long one request drops streams, one after the other: an origin that does not answer holds each up."""
TICK_SECONDS = 5.0
"""The same in the minute tick, for all domains together and for the streams by themselves: it lives for 55 s."""
LARGEST_PAGE = 100
MOST_FORBIDDEN = 10_000
"""Bans that a list looks at: those that were made last."""


class DropLiveStream(Params):
    """Parameters of the action."""

    StreamName: GivenPathName
    DomainName: Domain
    AppName: GivenPathName


class ResumeLiveStream(Params):
    """Parameters of the action."""

    AppName: GivenPathName
    DomainName: Domain
    StreamName: GivenPathName


class ForbidLiveStream(ResumeLiveStream):
    """Parameters of the action."""

    ResumeTime: IsoText = ""
    Reason: Annotated[str, at_most_bytes(2048)] = ""


class DescribeLiveForbidStreamList(Params):
    """Parameters of the action; no stream name means any."""

    PageNum: Annotated[int, Field(ge=1, le=MOST_FORBIDDEN)] = 1
    PageSize: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 10
    StreamName: PathName = ""


def drop_stream(params: DropLiveStream, call: Call) -> Answer:
    """End the stream's publish; whoever pushes may push again at once. A stream that is not live is as good."""
    _drop(call.table, _stream(params), DROPPED, now=call.now)
    return {}


def forbid_stream(params: ForbidLiveStream, call: Call) -> Answer:
    """End the stream's publish and refuse others until a moment; forbidding it again changes the moment."""
    resume_at = iso_moment(params.ResumeTime) if params.ResumeTime else call.now + FORBIDDEN_SECONDS
    if not call.now < resume_at <= call.now + LONGEST_FORBIDDEN_SECONDS:
        raise InvalidParameterValue("ResumeTime: must lie after now, by at most 90 days.")
    stream = _stream(params)
    item: Item = {
        "domain": stream.domain,
        "app": stream.app,
        "stream": stream.stream,
        "reason": params.Reason,
        "created_at": call.now,
        "resume_at": resume_at,
        "facets": resume_at,
        "expires_at": int(resume_at) + 1,
        "LPK": keys.ALL_FORBIDDEN,
        "LSK": keys.by_time(call.now, keys.address(stream.domain, stream.app, stream.stream)),
    }
    call.table.put(Put(key=_ban(stream), item=item))
    log("stream_forbidden", stream=str(stream), until=iso_text(resume_at))
    _drop(call.table, stream, FORBIDDEN, now=call.now)
    return {}


def resume_stream(params: ResumeLiveStream, call: Call) -> Answer:
    """Let the stream be published again; one that is not forbidden is as good."""
    stream = _stream(params)
    call.table.delete(Delete(key=_ban(stream)))
    log("stream_resumed", stream=str(stream))
    return {}


def describe_forbidden(params: DescribeLiveForbidStreamList, call: Call) -> Answer:
    """A page of the streams that are forbidden now and that the key may see, the last one first."""
    listed = call.table.query(keys.ALL_FORBIDDEN, index=keys.LISTING, descending=True, limit=MOST_FORBIDDEN)
    holding = [
        keys.Key(entry["PK"], entry["SK"])
        for entry in listed
        if params.StreamName in ("", entry["stream"])
        and entry["facets"] > call.now
        and call.key.may_act_on(entry["domain"])
    ]
    first = (params.PageNum - 1) * params.PageSize
    places = holding[first : first + params.PageSize]
    found = call.table.get_many(places)
    return {
        "TotalNum": len(holding),
        "TotalPage": -(-len(holding) // params.PageSize),
        "PageNum": params.PageNum,
        "PageSize": params.PageSize,
        "ForbidStreamList": [
            {
                "StreamName": ban["stream"],
                "CreateTime": iso_text(ban["created_at"]),
                "ExpireTime": iso_text(ban["resume_at"]),
            }
            for ban in (found[place] for place in places if place in found)
        ],
    }


def sweep(table: Table, *, now: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Drop who still publishes a stream that was forbidden lately: the origin did not, or nobody came to ask it."""
    since = keys.by_time(now - SWEPT_SECONDS, "")
    lately = table.query(keys.ALL_FORBIDDEN, index=keys.LISTING, first=since, limit=MOST_FORBIDDEN)
    listed = [session.stream_of(entry) for entry in lately]
    found = table.get_many([*map(session.live_key, listed), *map(_ban, listed)])  # the listing may lag behind
    live = [each for each in listed if session.live_key(each) in found and is_forbidden(found.get(_ban(each)), now)]
    drop_all(table, live, FORBIDDEN, deadline=clock() + TICK_SECONDS, now=now, clock=clock)


def drop_all(
    table: Table,
    streams: Sequence[StreamRef],
    ending: Ending,
    *,
    deadline: float,
    now: float,
    clock: Callable[[], float],
) -> int:
    """As `drop`, for as many as there is time for until the `clock` says `deadline`; returns how many are left."""
    left = len(streams)
    for stream in streams:
        if clock() >= deadline:
            break
        try:
            drop(table, stream, ending, now=now)
            left -= 1
        except ControlFailed as failure:
            log("publisher_not_dropped", stream=str(stream), reason=str(failure))
    return left


def drop(table: Table, stream: StreamRef, ending: Ending, *, now: float) -> None:
    """Have the origin drop whoever publishes the stream, and end the session for `ending`.

    The reason is written before the origin is asked: its hook may end the session first. Raises ControlFailed where
    the origin did not; then the session goes on.
    """
    live_key = session.live_key(stream)
    live = table.get(live_key)
    current = table.get(keys.session(live["session_id"])) if live else None
    if live is None or current is None:
        return
    try:
        asked = table.update(session.asked_to_end(current, ending.code, ending.message, now=now))
    except ConditionFailed:  # it has just ended
        return
    for client_id in filter(None, (live["client_id"], live.get("displaced_client"))):
        origin_control.drop(current["dialect"], Publisher(stream=stream, client_id=client_id), now=now)
    template = callbacks.template_of(table, stream.domain, stream.app)
    publishing.end(table, asked, template, ending, now=now)


def _drop(table: Table, stream: StreamRef, ending: Ending, *, now: float) -> None:
    try:
        drop(table, stream, ending, now=now)
    except ControlFailed as failure:
        log("publisher_not_dropped", stream=str(stream), reason=str(failure))
        raise OriginDidNot("The origin could not be made to drop the publisher; ask again.") from None


def _stream(params: DropLiveStream | ResumeLiveStream) -> StreamRef:
    return StreamRef(domain=params.DomainName, app=params.AppName, stream=params.StreamName)


def _ban(stream: StreamRef) -> keys.Key:
    return keys.forbidden(stream.domain, stream.app, stream.stream)


ACTIONS: Actions = {
    "DropLiveStream": Action(DropLiveStream, drop_stream),
    "ForbidLiveStream": Action(ForbidLiveStream, forbid_stream),
    "ResumeLiveStream": Action(ResumeLiveStream, resume_stream),
    "DescribeLiveForbidStreamList": Action(DescribeLiveForbidStreamList, describe_forbidden, everywhere),
}
