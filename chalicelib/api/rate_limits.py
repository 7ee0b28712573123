"""How many requests a second a key may make of one action, over all instances of the function.

A request that changes something is counted in the table, always: the count is exact, and costs one write beside those
of the change. One that only reads is counted here until this instance alone has seen a twentieth of the limit within
the second: until then it would take twenty instances as busy as this one to reach it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import keys
from chalicelib.api.permissions import only_reads
from chalicelib.errors import RequestLimitExceeded
from chalicelib.table import Table, Update

FEW_A_SECOND = frozenset({"CreateRecordTask", "StopRecordTask"})
"""Actions with the lower limit (wire.md, section 0)."""
BUSY_INSTANCES = 20
KEPT_SECONDS = 600
"""A count is of no use after its second; the table removes it some time after this."""


@dataclass
class _Second:
    """What this instance knows of one second of one key and action."""

    second: int
    uncounted: int = 0
    """Requests that the table does not know of."""
    is_counted: bool = False
    """The table counts this second from now on."""
    is_used_up: bool = False


class RateLimits:
    """Counts requests by key, action and second."""

    def __init__(self, table: Callable[[], Table], per_second: int, *, few_per_second: int) -> None:
        self._table = table
        self._per_second = per_second
        self._few_per_second = few_per_second
        self._seconds: dict[tuple[str, str], _Second] = {}

    def count(self, secret_id: str, action: str, now: float) -> None:
        """One more request at `now` (unix s); raises RequestLimitExceeded where the second has had its share."""
        limit = self._few_per_second if action in FEW_A_SECOND else self._per_second
        seen = self._seconds.get((secret_id, action))
        if seen is None or seen.second != int(now):
            seen = self._seconds[secret_id, action] = _Second(int(now))
        if not seen.is_used_up:
            seen.uncounted += 1
            if only_reads(action) and seen.uncounted * BUSY_INSTANCES <= limit and not seen.is_counted:
                return
            seen.is_used_up = self._counted(secret_id, action, seen) > limit
        if seen.is_used_up:
            raise RequestLimitExceeded(f"{action}: more than {limit} requests in one second.")

    def _counted(self, secret_id: str, action: str, seen: _Second) -> int:
        counted = self._table().update(
            Update(
                key=keys.request_count(secret_id, action, seen.second),
                set={"expires_at": seen.second + KEPT_SECONDS},
                add={"requests": seen.uncounted},
            )
        )
        seen.uncounted, seen.is_counted = 0, True
        return int(counted["requests"])
