"""Whether a publish is let in: by its domain, the domain's push keys, and what was forbidden. Pure.

What it looks at lies in the first batch of reads of a publish, whatever is asked.
"""

from collections.abc import Mapping

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest.hooks import QUERY_BYTES, PublishHook, PublishRefused
from chalicelib.ingest.push_signature import Fault, fault_of
from chalicelib.keys import Key
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Check, Compare, no_such_item

PUSH_DOMAIN = 0
DISABLED = 0
UNKNOWN_DOMAIN, FORBIDDEN_STREAM, QUERY_TOO_LONG = 301, 305, 504
FAULTS: Mapping[Fault, str] = {
    Fault.NO_TIME: "the push URL has no txTime",
    Fault.EXPIRED: "the push URL has expired",
    Fault.NO_SECRET: "the push URL has no txSecret",
    Fault.WRONG: "the push URL's txSecret is wrong",
}


class NotAdmitted(PublishRefused):
    """The publish is refused, and told of: `code` is the second part of the wire's 18.x."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        super().__init__(f"18.{code} {reason}")


def item_keys(stream: StreamRef) -> list[Key]:
    """Keys of what decides."""
    return [keys.domain(stream.domain), _forbidden(stream)]


def check(hook: PublishHook, found: Mapping[Key, Item], *, accepts_unknown_domains: bool, now: float) -> None:
    """Raise NotAdmitted where a new publish must not happen at `now` (unix s)."""
    check_permitted(hook.stream, found, accepts_unknown_domains=accepts_unknown_domains, now=now)
    if len(hook.param.encode()) > QUERY_BYTES:
        raise NotAdmitted(QUERY_TOO_LONG, f"the push URL's query is longer than {QUERY_BYTES} bytes")
    domain = _push_domain(hook.stream, found)
    if domain is None or not domain["Enable"]:
        return
    push_keys = (domain["MasterAuthKey"], domain["BackupAuthKey"])
    fault = fault_of(hook.param, hook.stream.stream, push_keys=push_keys, delta_seconds=domain["AuthDelta"], now=now)
    if fault is not None:
        raise NotAdmitted(fault, FAULTS[fault])


def check_permitted(stream: StreamRef, found: Mapping[Key, Item], *, accepts_unknown_domains: bool, now: float) -> None:
    """Raise NotAdmitted where nobody may publish the stream, whoever it is."""
    domain = _push_domain(stream, found)
    if domain is None and not accepts_unknown_domains:
        raise NotAdmitted(UNKNOWN_DOMAIN, "the push domain was never added")
    if domain is not None and domain["Status"] == DISABLED:
        raise NotAdmitted(UNKNOWN_DOMAIN, "the push domain is disabled")
    if is_forbidden(found.get(_forbidden(stream)), now):
        raise NotAdmitted(FORBIDDEN_STREAM, "the stream is forbidden")


def is_forbidden(item: Item | None, now: float) -> bool:
    """Whether what forbids a stream holds at `now`."""
    return item is not None and bool(item["resume_at"] > now)


def not_forbidden_meanwhile(stream: StreamRef, found: Mapping[Key, Item]) -> Check:
    """That nobody has forbidden the stream since it was `found` not to be: for the transaction of its publish."""
    key = _forbidden(stream)
    unchanged = Compare("resume_at", "=", found[key]["resume_at"]) if key in found else no_such_item
    return Check(key=key, when=[unchanged])


def _forbidden(stream: StreamRef) -> Key:
    return keys.forbidden(stream.domain, stream.app, stream.stream)


def _push_domain(stream: StreamRef, found: Mapping[Key, Item]) -> Item | None:
    """The item of the stream's domain, if it was added as one for pushes."""
    domain = found.get(keys.domain(stream.domain))
    return domain if domain is not None and domain["Type"] == PUSH_DOMAIN else None
