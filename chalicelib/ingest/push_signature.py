"""`txSecret` and `txTime` of a push URL: that its maker held a push key of the domain, and until when it holds. Pure.

rtmp://domain/app/stream?txSecret=md5(key + stream + txTime)&txTime=hex(unix seconds)
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from enum import IntEnum

from chalicelib.ingest.hooks import parameters

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,16}")


class Fault(IntEnum):
    """What is wrong with a push URL: the second part of the wire's code 18.x."""

    NO_TIME = 500
    EXPIRED = 501
    NO_SECRET = 502
    WRONG = 503


def fault_of(param: str, stream: str, *, push_keys: Sequence[str], delta_seconds: int, now: float) -> Fault | None:
    """What is wrong with the query of a push URL at `now` (unix s), or None; an empty key is no key.

    The URL holds until `delta_seconds` after its `txTime`. Only who held a key is told that it has expired.
    """
    found = parameters(param)
    tx_time, tx_secret = found.get("txTime", ""), found.get("txSecret", "")
    if not tx_time:
        return Fault.NO_TIME
    if not tx_secret:
        return Fault.NO_SECRET
    if not _HEXADECIMAL.fullmatch(tx_time) or not _is_signed(tx_secret, stream, tx_time, push_keys):
        return Fault.WRONG
    return Fault.EXPIRED if now > int(tx_time, 16) + delta_seconds else None


def tx_secret_of(push_key: str, stream: str, tx_time: str) -> str:
    """The `txSecret` of a push URL; `tx_time` counts as it is spelled."""
    return hashlib.md5(f"{push_key}{stream}{tx_time}".encode(), usedforsecurity=False).hexdigest()


def _is_signed(tx_secret: str, stream: str, tx_time: str, push_keys: Sequence[str]) -> bool:
    spellings = dict.fromkeys([tx_time, tx_time.upper(), tx_time.lower()])
    valid = [tx_secret_of(key, stream, spelled) for key in push_keys if key for spelled in spellings]
    given = tx_secret.lower().encode()
    return any([hmac.compare_digest(given, each.encode()) for each in valid])  # noqa: C419 - every one is compared
