"""The gate of a callback URL: a few deliveries may be under way to it, and a single one while it lets them time out.

    open ──no answer in time──▶ slow ──any HTTP answer──▶ open

A delivery holds one of the URL's numbered slots under a lease; who finds none free has its event wait, and whoever
leaves sees to the next. So a receiver that hangs holds few senders at first and one afterwards, and all others are left
for other URLs. The minute tick announces what a sender that died would have seen to.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.notify import queue
from chalicelib.notify.answer import Answer
from chalicelib.settings import settings
from chalicelib.table import Absent, Compare, Condition, ConditionFailed, Path, Table, Update

LEASE_MARGIN_SECONDS = 10.0
"""A delivery that has not left this long after the time-out is dead."""
COLLISIONS = 4
"""Deliveries that enter at one moment: who was quicker to a slot is seen at the next reading."""
KEPT_SECONDS = 14 * 86_400
SETTLED_SECONDS = 60.0
"""A URL for which nothing has waited this long is not looked after any more: an index may lag behind."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a URL's gate, held until its lease ends (unix s)."""

    url: str
    name: str
    until: float


def enter(table: Table, url: str, *, now: float) -> Slot | None:
    """A slot of the URL; None where none is free, and where the URL is slow and a delivery is under way."""
    key = keys.callback_url(url)
    for _ in range(COLLISIONS):
        gate = table.get(key) or {}
        free = _free(gate, now=now)
        if not free:
            return None
        name = random.choice(free)  # noqa: S311  who enters at the same moment shall choose another
        until = now + settings().callback_timeout_seconds + LEASE_MARGIN_SECONDS
        entry = Update(
            key=key,
            set={"url": url, name: until, "expires_at": int(now) + KEPT_SECONDS},
            when=[_unchanged(gate, name), _unchanged(gate, "slow_since")],
        )
        try:
            table.update(entry)
        except ConditionFailed:
            continue
        return Slot(url=url, name=name, until=until)
    return None


def leave(table: Table, slot: Slot, answer: Answer | None, *, now: float) -> list[str]:
    """Free the slot and note how the URL answered (None: it was not asked); returns the events to be tried next."""
    found: dict[Path, Any] = {slot.name: 0}
    if answer is not None and answer.is_late:
        found["slow_since"] = now
    has_answered = answer is not None and answer.status > 0
    left = Update(
        key=keys.callback_url(slot.url),
        set=found,
        remove=["slow_since"] if has_answered else [],
        when=[Compare(slot.name, "=", slot.until)],
    )
    try:
        gate = table.update(left)
    except ConditionFailed:  # the lease has ended, and another delivery has the slot
        return []
    return _next(table, gate, now=now) if "LPK" in gate and _free(gate, now=now) else []


def expect(table: Table, url: str, *, now: float) -> None:
    """Let who leaves the URL, and the tick, look for events that wait: noted before the first of them waits."""
    key = keys.callback_url(url)
    listed: dict[Path, Any] = {"url": url, "waited_at": now, "LPK": keys.ALL_AWAITED, "LSK": key.pk}
    table.update(Update(key=key, set={**listed, "expires_at": int(now) + KEPT_SECONDS}))


def is_open(table: Table, url: str, *, now: float) -> bool:
    """Whether a delivery may enter: asked once an event waits, for who left before saw none."""
    return bool(_free(table.get(keys.callback_url(url)) or {}, now=now))


def awaited(table: Table) -> Iterator[Item]:
    """The gates of the URLs for which events may be waiting."""
    listed = table.query(keys.ALL_AWAITED, index=keys.LISTING)
    yield from table.get_many(keys.Key(each["PK"], each["SK"]) for each in listed).values()


def tend(table: Table, gate: Item, *, now: float) -> None:
    """Announce events of an awaited URL whose deliveries have died; forget a URL for which none waits."""
    waiting = _next(table, gate, now=now)
    if waiting:
        if _free(gate, now=now):
            queue.announce(waiting)
        return
    if gate["waited_at"] > now - SETTLED_SECONDS:
        return
    still = Compare("waited_at", "=", gate["waited_at"])
    forgotten = Update(key=keys.callback_url(gate["url"]), remove=["LPK", "LSK"], when=[still])
    with suppress(ConditionFailed):  # something waits again
        table.update(forgotten)


def _next(table: Table, gate: Item, *, now: float) -> list[str]:
    """The events that have waited longest: one, and where nothing is under way as many as may be."""
    free = len(_free(gate, now=now))
    limit = free if free == _width(gate) else 1
    waiting = table.query(keys.waiting_for(gate["url"]), index=keys.LISTING, limit=limit)
    return [event["event_id"] for event in waiting]


def _width(gate: Item) -> int:
    return 1 if "slow_since" in gate else settings().callback_url_senders


def _free(gate: Item, *, now: float) -> list[str]:
    """Names of the slots that a delivery may take now."""
    slots = [f"slot_{number}" for number in range(settings().callback_url_senders)]
    busy = [name for name in slots if gate.get(name, 0) > now]
    if "slow_since" in gate:
        return [] if busy else slots[:1]
    return [name for name in slots if name not in busy]


def _unchanged(gate: Item, name: str) -> Condition:
    return Compare(name, "=", gate[name]) if name in gate else Absent(name)
