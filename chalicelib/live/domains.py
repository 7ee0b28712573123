"""Domains: those that were added, enabled or disabled; a push domain carries its push keys (push_keys.py).

Publishes of a disabled push domain are refused, and those that are live are dropped: at once, and by the minute tick
for as long as a publish that was being let in may still appear.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call, everywhere
from chalicelib.api.moments import beijing_text
from chalicelib.api.params import Params, ShortText, Switch, matching
from chalicelib.attribute_values import Item
from chalicelib.errors import DomainAdded, DomainNotExist, OriginDidNot, TooManyDomains
from chalicelib.ingest.admission import DISABLED, PUSH_DOMAIN
from chalicelib.live import stream_control
from chalicelib.live.names import Domain
from chalicelib.live.online import online
from chalicelib.live.push_keys import first_keys
from chalicelib.logs import log
from chalicelib.notify.events import Ending
from chalicelib.recording.session import stream_of
from chalicelib.table import Compare, ConditionFailed, Delete, Put, Table, Update, item_exists, no_such_item

LIMIT = 100
ENABLED, PLAY_DOMAIN = 1, 1
DOMAIN_FORBIDDEN = Ending(code=21, message="21.101 its domain was disabled by ForbidLiveDomain")
NO_TIME = "0000-00-00 00:00:00"

KindOfDomain = Annotated[int, Field(ge=PUSH_DOMAIN, le=PLAY_DOMAIN)]
PlayRegion = Annotated[int, Field(ge=1, le=3)]


class AddLiveDomain(Params):
    """Parameters of the action."""

    DomainName: Domain
    DomainType: KindOfDomain
    PlayType: PlayRegion = 1
    IsDelayLive: Switch = 0
    IsMiniProgramLive: Switch = 0
    VerifyOwnerType: Annotated[
        str, matching(("dnsCheck", "fileCheck", "dbCheck").__contains__, "one of: dnsCheck, fileCheck, dbCheck")
    ] = "dbCheck"


class DeleteLiveDomain(Params):
    """Parameters of the action."""

    DomainName: Domain
    DomainType: KindOfDomain


class OneDomain(Params):
    """Parameters that name a domain."""

    DomainName: Domain


class DescribeLiveDomains(Params):
    """Parameters of the action; what is left out filters nothing, but for `IsDelayLive`, which is 0."""

    DomainStatus: Switch | None = None
    DomainType: KindOfDomain | None = None
    PageSize: Annotated[int, Field(ge=10, le=100)] = 10
    PageNum: Annotated[int, Field(ge=1, le=100_000)] = 1
    IsDelayLive: Switch = 0
    DomainPrefix: ShortText = ""
    PlayType: PlayRegion | None = None


def add(params: AddLiveDomain, call: Call) -> Answer:
    """A new domain, enabled; a push domain asks for a key, a random one, from then on."""
    item = {
        "Name": params.DomainName,
        "Type": params.DomainType,
        "Status": ENABLED,
        "created_at": call.now,
        **params.model_dump(exclude={"DomainName", "DomainType"}),
        **(first_keys() if params.DomainType == PUSH_DOMAIN else {}),
    }
    counter = keys.counter(keys.DOMAINS)
    call.table.update(Update(key=counter, add={"total": 0}))  # a comparison needs the attribute to be there
    try:
        call.table.transact(
            Put(key=keys.domain(params.DomainName), item=item, when=[no_such_item]),
            Update(key=counter, add={"total": 1}, when=[Compare("total", "<", LIMIT)]),
        )
    except ConditionFailed as refused:
        raise (DomainAdded, TooManyDomains)[refused.failed[0]] from None
    return {}


def delete(params: DeleteLiveDomain, call: Call) -> Answer:
    """Forget a domain with its keys; its rules stay, and its streams go on."""
    try:
        call.table.transact(
            Delete(key=keys.domain(params.DomainName), when=[Compare("Type", "=", params.DomainType)]),
            Update(key=keys.counter(keys.DOMAINS), add={"total": -1}),
        )
    except ConditionFailed:
        raise DomainNotExist from None
    return {}


def describe(params: OneDomain, call: Call) -> Answer:
    """One domain."""
    item = call.table.get(keys.domain(params.DomainName))
    if item is None:
        raise DomainNotExist
    return {"DomainInfo": _info(item)}


def describe_all(params: DescribeLiveDomains, call: Call) -> Answer:
    """A page of the domains that the key may see, by name."""
    every = list(call.table.query(keys.DOMAINS))
    found = [item for item in every if _is_wanted(item, params) and call.key.may_act_on(item["Name"])]
    first = (params.PageNum - 1) * params.PageSize
    played = [item["PlayType"] for item in every if item["Type"] == PLAY_DOMAIN and item["Status"] == ENABLED]
    return {
        "AllCount": len(found),
        "DomainList": [_info(item) for item in found[first : first + params.PageSize]],
        "CreateLimitCount": max(0, LIMIT - len(every)),
        "PlayTypeCount": [played.count(kind) for kind in (1, 2, 3)],
    }


def enable(params: OneDomain, call: Call) -> Answer:
    """Let streams of the domain be published again."""
    _change(call.table, params.DomainName, {"Status": ENABLED}, remove=("LPK", "LSK"))
    return {}


def forbid(params: OneDomain, call: Call) -> Answer:
    """Refuse publishes of the domain, and drop those that are live; the tick goes on where this ends."""
    name, until = params.DomainName, call.now + stream_control.SWEPT_SECONDS
    swept = {"LPK": keys.ALL_SWEPT, "LSK": keys.by_time(until, name.lower()), "domain": name}
    item = call.table.get(keys.domain(name))
    is_push_domain = item is not None and item["Type"] == PUSH_DOMAIN
    _change(call.table, name, {"Status": DISABLED, **(swept if is_push_domain else {})})
    log("domain_disabled", domain=name)
    deadline = time.monotonic() + stream_control.SWEEPING_SECONDS
    left = _sweep(call.table, name, deadline=deadline, now=call.now) if is_push_domain else 0
    if left:
        raise OriginDidNot(f"The domain is disabled. {left} streams are not dropped yet: it is tried each minute.")
    return {}


def sweep(table: Table, *, now: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Drop what is live in domains that were disabled lately."""
    deadline = clock() + stream_control.TICK_SECONDS
    for entry in list(table.query(keys.ALL_SWEPT, index=keys.LISTING)):
        try:
            _sweep(table, entry["domain"], deadline=deadline, now=now, clock=clock)
        except Exception as error:  # one domain's trouble must not keep the others waiting; the next tick tries again
            log("domain_not_swept", domain=entry["domain"], error=repr(error))
        if entry["LSK"] < keys.by_time(now, ""):
            over = Update(key=keys.Key(entry["PK"], entry["SK"]), remove=["LPK", "LSK"], when=[item_exists])
            with suppress(ConditionFailed):  # it was deleted meanwhile
                table.update(over)


def _sweep(
    table: Table, domain: str, *, deadline: float, now: float, clock: Callable[[], float] = time.monotonic
) -> int:
    """How many streams of the domain are not dropped yet."""
    streams = [stream_of(entry) for entry in online(table, domain)]
    return stream_control.drop_all(table, streams, DOMAIN_FORBIDDEN, deadline=deadline, now=now, clock=clock)


def _change(table: Table, name: str, changes: Mapping[Any, Any], *, remove: Sequence[str] = ()) -> None:
    try:
        table.update(Update(key=keys.domain(name), set=changes, remove=remove, when=[item_exists]))
    except ConditionFailed:
        raise DomainNotExist from None


def _is_wanted(item: Item, params: DescribeLiveDomains) -> bool:
    is_played_otherwise = item["Type"] == PLAY_DOMAIN and params.PlayType not in (None, item["PlayType"])
    return (
        params.DomainStatus in (None, item["Status"])
        and params.DomainType in (None, item["Type"])
        and item["IsDelayLive"] == params.IsDelayLive
        and item["Name"].lower().startswith(params.DomainPrefix.lower())
        and not is_played_otherwise
    )


def _info(item: Item) -> dict[str, Any]:
    return {
        "Name": item["Name"],
        "Type": item["Type"],
        "Status": item["Status"],
        "CreateTime": beijing_text(item["created_at"]),
        "BCName": 0,
        "TargetDomain": "",
        "PlayType": item["PlayType"],
        "IsDelayLive": item["IsDelayLive"],
        "CurrentCName": "",
        "RentTag": 0,
        "RentExpireTime": NO_TIME,
        "IsMiniProgramLive": item["IsMiniProgramLive"],
    }


ACTIONS: Actions = {
    "AddLiveDomain": Action(AddLiveDomain, add),
    "DeleteLiveDomain": Action(DeleteLiveDomain, delete),
    "DescribeLiveDomain": Action(OneDomain, describe),
    "DescribeLiveDomains": Action(DescribeLiveDomains, describe_all, everywhere),
    "EnableLiveDomain": Action(OneDomain, enable),
    "ForbidLiveDomain": Action(OneDomain, forbid),
}
