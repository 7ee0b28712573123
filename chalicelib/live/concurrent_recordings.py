"""How many streams were recorded at once: from the spans of recorded publishes, kept by month.

A publish leaves, at its end, the spans in which it was recorded, one item for each month they touch: a question reads
the months it asks for and the streams that are live, of its domains alone, whatever happened before and since. More
than 20,000 of them are refused rather than counted in part.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Annotated

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.moments import AnyText, any_moment, text_like
from chalicelib.api.params import Params, matching
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue, LimitExceeded
from chalicelib.live.names import Domain
from chalicelib.live.online import online
from chalicelib.recording.spans import Span, merged
from chalicelib.table import Put, Table

STEP_SECONDS = 300
"""Distance of the points of an answer; each is the most there were at once until the next."""
HISTORY_SECONDS = 180 * 86_400
SPAN_SECONDS = 31 * 86_400
KEPT_SECONDS = HISTORY_SECONDS + SPAN_SECONDS
MOST_COUNTED = 20_000
"""Publishes, ended or live, that one question counts."""


def recorded(session: Item, *, now: float) -> list[Put]:
    """What a session that ends at `now` (unix s) leaves; nothing where nothing was recorded."""
    spans = spans_of(session, now=now)
    if not spans:
        return []
    return [
        Put(
            key=keys.recorded(month, session["domain"], min(spans[-1][1], ends_at), session["session_id"]),
            item={
                "domain": session["domain"],
                "facets": [list(span) for span in spans],
                "expires_at": int(ends_at) + KEPT_SECONDS,
                "LPK": keys.recorded_in(month),
                "LSK": keys.by_time(min(spans[-1][1], ends_at), session["session_id"]),
            },
        )
        for month, ends_at in _months(spans[0][0], spans[-1][1])
    ]


def spans_of(session: Item, *, now: float) -> list[Span]:
    """When at least one order of a session held, from its publish to its end or `now` (unix s); in order, apart."""
    last = session.get("unpublished_at", now)
    windows = [(order["starts_at"], order["ends_at"]) for order in session["orders"].values()]
    return merged(
        (max(first, session["published_at"]), min(end or last, last))
        for first, end in [*windows, *session["let_go"].get("spans", [])]
    )


class DescribeConcurrentRecordStreamNum(Params):
    """Parameters of the action; no domain means all of them."""

    LiveType: Annotated[str, matching(("SlowLive", "NormalLive").__contains__, "one of: SlowLive, NormalLive")]
    StartTime: AnyText
    EndTime: AnyText
    MainlandOrOversea: Annotated[
        str, matching(("", "Mainland", "Oversea").__contains__, "empty, or one of: Mainland, Oversea")
    ] = ""
    PushDomains: Annotated[list[Domain], Field(max_length=100)] = Field(default_factory=list)


def describe(params: DescribeConcurrentRecordStreamNum, call: Call) -> Answer:
    """A point every five minutes. There is no slow live here, and no mainland."""
    first, last = any_moment(params.StartTime), any_moment(params.EndTime)
    if first < call.now - HISTORY_SECONDS:
        raise InvalidParameterValue("StartTime: at most 180 days back.")
    if not first <= last <= first + SPAN_SECONDS:
        raise InvalidParameterValue("EndTime: must not lie before StartTime, nor more than 31 days after it.")
    last = min(last, call.now)
    points = range(int(first) // STEP_SECONDS * STEP_SECONDS, int(last) + 1, STEP_SECONDS)
    is_empty = params.LiveType == "SlowLive" or params.MainlandOrOversea == "Mainland"
    domains = {name.lower() for name in params.PushDomains}
    spans = [] if is_empty else list(_spans(call.table, domains, first, last, now=call.now))
    return {
        "DataInfoList": [
            {"Time": text_like(params.StartTime, at), "Num": number}
            for at, number in zip(points, most_at_once(spans, points), strict=True)
        ]
    }


def most_at_once(spans: Sequence[Span], points: range) -> list[int]:
    """For each of the points (unix s) the most spans that hold at one moment before the next point."""
    changes = sorted([(first, 1) for first, _ in spans] + [(end, -1) for _, end in spans])
    moments, levels = [at for at, _ in changes], list(accumulate((step for _, step in changes), initial=0))
    found, position = [], 0
    for point in points:
        while position < len(moments) and moments[position] <= point:
            position += 1
        most, ahead = levels[position], position
        while ahead < len(moments) and moments[ahead] < point + points.step:
            ahead += 1
            most = max(most, levels[ahead])
        found.append(most)
    return found


def _spans(table: Table, domains: Collection[str], first: float, last: float, *, now: float) -> Iterator[Span]:
    """Of the domains, or of all where none is named; raises LimitExceeded."""
    known: dict[str, list[Span]] = {}
    live: dict[str, keys.Key] = {}
    left = MOST_COUNTED
    for domain in domains or [""]:
        for month, _ in _months(first, last):
            for item in _recorded(table, month, domain, first, limit=left + 1):
                left = _counted(left)
                known[item["SK"].partition("#")[2]] = item["facets"]
        for entry in online(table, domain, last=keys.by_time(last, "~"), limit=left + 1):
            left = _counted(left)
            live[entry["session_id"]] = keys.session(entry["session_id"])
    for spans in known.values():
        yield from ((begin, end) for begin, end in spans)
    for session in table.get_many(key for session_id, key in live.items() if session_id not in known).values():
        yield from spans_of(session, now=now)


def _recorded(table: Table, month: str, domain: str, first: float, *, limit: int) -> Iterator[Item]:
    partition, index = keys.recorded_in(month, domain), None if domain else keys.LISTING
    return table.query(partition, index=index, first=keys.by_time(first, ""), limit=limit)


def _counted(left: int) -> int:
    if left == 0:
        raise LimitExceeded(
            f"PushDomains: more than {MOST_COUNTED} publishes would have to be counted; name fewer domains, or a later"
            " StartTime."
        )
    return left - 1


def _months(first: float, last: float) -> Iterator[tuple[str, float]]:
    """The months (`yyyy-mm`, UTC) between two moments (unix s), each with its end."""
    month = datetime.fromtimestamp(first, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month.timestamp() <= last:
        year, number = divmod(month.year * 12 + month.month, 12)
        following = month.replace(year=year, month=number + 1)
        yield month.strftime("%Y-%m"), following.timestamp() - 0.001
        month = following


ACTIONS: Actions = {
    "DescribeConcurrentRecordStreamNum": Action(DescribeConcurrentRecordStreamNum, describe),
}
