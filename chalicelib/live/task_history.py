"""The list of recording tasks, paged by a token that is the place where the next page begins."""

from typing import Any

from chalicelib import keys
from chalicelib.api.action import Answer, Call
from chalicelib.api.params import Params, ShortText, UnixSeconds
from chalicelib.api.scroll_token import first_place, token_of
from chalicelib.attribute_values import Item
from chalicelib.live.names import PathName, is_of_domain
from chalicelib.live.task_errors import InvalidTaskTime
from chalicelib.live.task_store import HISTORY_SECONDS

SPAN_SECONDS = 7 * 86_400
PAGE = 100
READ_AT_ONCE = 1000
"""Entries read for one page: where filters refuse them all, the page is empty and the token leads on."""
ANSWERED = ("TaskId", "DomainName", "AppName", "StreamName", "StartTime", "EndTime", "TemplateId", "Stopped")
ANSWERED_WHERE_SET = ("StreamType", "Extension")
"""The vendor's answer has no such fields, and its SDK warns of fields it does not know."""


class DescribeRecordTask(Params):
    """Parameters of the action."""

    StartTime: UnixSeconds
    EndTime: UnixSeconds
    StreamName: PathName = ""
    DomainName: ShortText = ""
    AppName: PathName = ""
    ScrollToken: ShortText = ""


def describe(params: DescribeRecordTask, call: Call) -> Answer:
    """Tasks that lie wholly inside a span of time, by start; a page of them."""
    _check_span(params, call.now)
    first = first_place(params.ScrollToken, keys.by_time(params.StartTime, ""))
    last = keys.by_time(params.EndTime, "~")
    entries = list(call.table.query(keys.ALL_TASKS, index=keys.LISTING, first=first, last=last, limit=READ_AT_ONCE))
    found, looked_at = _page(entries, params, call)
    is_all = looked_at == len(entries) < READ_AT_ONCE
    return {"TaskList": found, "ScrollToken": "" if is_all else token_of(entries[looked_at - 1]["LSK"])}


def _page(entries: list[Item], params: DescribeRecordTask, call: Call) -> tuple[list[dict[str, Any]], int]:
    """The wanted tasks of the first entries, a page at most, and how many entries were looked at for them."""
    found: list[dict[str, Any]] = []
    for position in range(0, len(entries), PAGE):
        chunk = entries[position : position + PAGE]
        items = call.table.get_many(keys.Key(entry["PK"], entry["SK"]) for entry in chunk)
        for looked_at, entry in enumerate(chunk, position + 1):
            task = items.get(keys.Key(entry["PK"], entry["SK"]))
            if task is not None and _is_wanted(task, params):
                found.append(_info(task))
            if len(found) == PAGE:
                return found, looked_at
    return found, len(entries)


def _check_span(params: DescribeRecordTask, now: float) -> None:
    if params.StartTime < now - HISTORY_SECONDS:
        raise InvalidTaskTime("StartTime: at most 90 days back.")
    if not params.StartTime < params.EndTime <= params.StartTime + SPAN_SECONDS:
        raise InvalidTaskTime("EndTime: must lie after StartTime, by at most 7 days.")


def _is_wanted(task: Item, params: DescribeRecordTask) -> bool:
    return (
        task["EndTime"] <= params.EndTime
        and not task["deleted_at"]
        and is_of_domain(params.DomainName, task["DomainName"])
        and all(getattr(params, name) in ("", task[name]) for name in ("StreamName", "AppName"))
    )


def _info(task: Item) -> dict[str, Any]:
    return {name: task[name] for name in ANSWERED} | {name: task[name] for name in ANSWERED_WHERE_SET if task[name]}
