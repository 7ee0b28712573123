"""RedriveCallbacks, an action of ours: callbacks that were given up are sent once more, to a new URL if asked."""

from typing import Annotated

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.moments import AnyText, any_moment
from chalicelib.api.params import Natural, Params, ShortText
from chalicelib.api.scroll_token import first_place, token_of
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue, UnauthorizedOperation
from chalicelib.keys import Key
from chalicelib.live.callback_templates import CallbackUrl
from chalicelib.live.names import PathName, is_of_domain
from chalicelib.notify import outbox, queue

LARGEST_PAGE = 100
READ_AT_ONCE = 1000
"""Entries looked at for one page: where filters refuse them all, the page is empty and the token leads on."""


class RedriveCallbacks(Params):
    """Parameters of the action; what is left empty means any."""

    StartTime: AnyText
    EndTime: AnyText
    DomainName: ShortText = ""
    AppName: PathName = ""
    StreamName: PathName = ""
    EventType: Natural | None = None
    Url: CallbackUrl = ""
    NewUrl: CallbackUrl = ""
    DryRun: bool = False
    Limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    ScrollToken: ShortText = ""


def redrive(params: RedriveCallbacks, call: Call) -> Answer:
    """Have parked callbacks of a span of time tried again, a page at a time; one sent again is parked no more."""
    if params.NewUrl and call.key.domains:  # a template's `sign` would go there, and it holds for minutes
        raise UnauthorizedOperation("NewUrl: this key is for named push domains, and callback URLs are not theirs.")
    first, last = any_moment(params.StartTime), any_moment(params.EndTime)
    if last < first:
        raise InvalidParameterValue("EndTime: must not lie before StartTime.")
    listed = list(
        call.table.query(
            keys.ALL_PARKED,
            index=keys.LISTING,
            first=first_place(params.ScrollToken, keys.by_time(first, "")),
            last=keys.by_time(last + 0.999, "~"),  # the wire's moments are whole seconds
            limit=READ_AT_ONCE,
        )
    )
    page, looked_at = _page(listed, params, call)
    sent = page if params.DryRun else [event for event in page if _redriven(event, params, call)]
    if not params.DryRun:  # what is not announced for some fault the tick announces
        queue.announce([event["event_id"] for event in sent])
    is_all = looked_at == len(listed) < READ_AT_ONCE
    return {"Count": len(sent), "ScrollToken": "" if is_all else token_of(listed[looked_at - 1]["LSK"])}


def _page(listed: list[Item], params: RedriveCallbacks, call: Call) -> tuple[list[Item], int]:
    """The wanted events of the first entries, `Limit` at most, and how many entries were looked at for them."""
    page: list[Item] = []
    for position in range(0, len(listed), LARGEST_PAGE):
        chunk = listed[position : position + LARGEST_PAGE]
        events = call.table.get_many(_key(entry) for entry in chunk if _is_of(entry, params))
        for looked_at, entry in enumerate(chunk, position + 1):
            event = events.get(_key(entry))
            if event is not None and _is_wanted(event, params, call):
                page.append(event)
            if len(page) == params.Limit:
                return page, looked_at
    return page, len(listed)


def _key(entry: Item) -> Key:
    return Key(entry["PK"], entry["SK"])


def _redriven(event: Item, params: RedriveCallbacks, call: Call) -> bool:
    return outbox.redrive(call.table, event, params.NewUrl, now=call.now)


def _is_of(entry: Item, params: RedriveCallbacks) -> bool:
    wanted = {"app": params.AppName, "stream": params.StreamName}
    is_of_domain_asked = is_of_domain(params.DomainName, entry["domain"])
    return is_of_domain_asked and all(value in ("", entry[name]) for name, value in wanted.items())


def _is_wanted(event: Item, params: RedriveCallbacks, call: Call) -> bool:
    return (
        event["state"] == outbox.PARKED  # the listing may lag behind
        and params.Url in ("", event["url"])
        and params.EventType in (None, event["event_type"])
        and call.key.may_act_on(event["domain"])
    )


ACTIONS: Actions = {"RedriveCallbacks": Action(RedriveCallbacks, redrive, everywhere)}
