"""DescribeCallbackRecordsList: every try of a callback of the last 14 days, what was sent and what was answered."""

import json
from typing import Annotated, Any

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.moments import AnyText, any_moment, text_like
from chalicelib.api.params import Natural, Params
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue
from chalicelib.keys import Key
from chalicelib.live.names import GivenPathName
from chalicelib.notify import records
from chalicelib.notify.signing import without_secrets

SPAN_SECONDS = 86_400
MOST_RECORDS = 10_000
"""Of one stream name and day; those that come first."""
LARGEST_PAGE = 1000


class DescribeCallbackRecordsList(Params):
    """Parameters of the action."""

    StartTime: AnyText
    EndTime: AnyText
    StreamName: GivenPathName
    PageNum: Annotated[int, Field(ge=1, le=MOST_RECORDS)] = 1
    PageSize: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 20
    EventType: Natural | None = None
    ResultCode: Natural | None = None


def describe(params: DescribeCallbackRecordsList, call: Call) -> Answer:
    """A page of the tries, by the time they were made; `ResultCode` other than 0 means all that failed."""
    first, last = _span(params, call.now)
    tried = call.table.query(
        keys.callback_records(params.StreamName),
        first=keys.by_time(first, ""),
        last=keys.by_time(last, "~"),
        limit=MOST_RECORDS,
    )
    found = [record for record in tried if _is_wanted(record, params, call)]
    start = (params.PageNum - 1) * params.PageSize
    page = found[start : start + params.PageSize]
    events = call.table.get_many(keys.event(record["event_id"]) for record in page)
    return {
        "DataInfoList": [_info(record, events, params) for record in page],
        "PageNum": params.PageNum,
        "PageSize": params.PageSize,
        "TotalNum": len(found),
        "TotalPage": -(-len(found) // params.PageSize),
    }


def _span(params: DescribeCallbackRecordsList, now: float) -> tuple[float, float]:
    first, last = any_moment(params.StartTime), any_moment(params.EndTime)
    if first < now - records.KEPT_SECONDS:
        raise InvalidParameterValue("StartTime: at most 14 days back.")
    if not first <= last <= first + SPAN_SECONDS:
        raise InvalidParameterValue("EndTime: must not lie before StartTime, nor more than a day after it.")
    return first, last + 0.999  # the wire's moments are whole seconds


def _is_wanted(record: Item, params: DescribeCallbackRecordsList, call: Call) -> bool:
    return (
        params.EventType in (None, record["event_type"])
        and (params.ResultCode is None or (params.ResultCode == 0) == (record["result"] == 0))
        and call.key.may_act_on(record["domain"])
    )


def _info(record: Item, events: dict[Key, Item], params: DescribeCallbackRecordsList) -> dict[str, Any]:
    event = events.get(keys.event(record["event_id"]))
    return {
        "EventTime": text_like(params.StartTime, record["sent_at"]),
        "EventType": record["event_type"],
        "Request": json.dumps(without_secrets(event["payload"]), ensure_ascii=False) if event else "",
        "Response": record["answer"],
        "ResponseTime": text_like(params.StartTime, record["answered_at"]),
        "ResultCode": record["result"],
        "StreamId": params.StreamName,
    }


ACTIONS: Actions = {
    "DescribeCallbackRecordsList": Action(DescribeCallbackRecordsList, describe, everywhere),
}
