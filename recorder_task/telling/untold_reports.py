"""What a recorder has to tell and has not put into the bucket yet: the control writes it into the session's item."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.attribute_values import Item
from chalicelib.recording.untold import UntoldReport, as_attribute, untold_of

UNTOLD_BYTES = 100_000
"""Of the item's 400 KB: two hundred statuses. The oldest are kept, for what follows makes sense behind them alone."""


class UntoldReports:
    """In the order in which they happened; any thread may add, tell and write."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, UntoldReport]] = {}
        self._size_bytes = 0
        self._beyond = 0
        self._newest = 0
        self._written = 0
        self._lock = threading.Lock()

    def take_over(self, session: Item) -> None:
        """Begin with what an earlier recorder left in the session's item."""
        reports, self._beyond = untold_of(session)
        for report in reports:
            self.add(report)
        self._written = self._newest

    def add(self, report: UntoldReport) -> bool:
        """Keep a report until it is told; False where there is no room for it."""
        with self._lock:
            if self._size_bytes + report.size_bytes > UNTOLD_BYTES:
                self._beyond += 1
                return False
            self._newest += 1
            self._size_bytes += report.size_bytes
            self._kept[report.key] = self._newest, report
            return True

    def keeps(self, report: UntoldReport) -> bool:
        """Whether the session's item has it, or will have it with the next write."""
        return report.key in self._kept

    def told(self, report: UntoldReport) -> None:
        """It lies in the bucket."""
        with self._lock:
            if self._kept.pop(report.key, None):
                self._size_bytes -= report.size_bytes
            else:
                self._beyond -= 1

    @property
    def reports(self) -> Sequence[UntoldReport]:
        """What is kept, oldest first."""
        with self._lock:
            return [report for _, report in self._kept.values()]

    @property
    def has_news(self) -> bool:
        """Whether something waits that the session's item does not know of; what was told calls for no write."""
        if not self._kept:  # as it is nearly always
            return False
        with self._lock:
            newest = next(reversed(self._kept.values()), (0, None))
            return newest[0] > self._written

    def to_write(self) -> tuple[Mapping[str, Any] | None, int]:
        """The attribute's value, None where there is nothing to tell; and a mark for `written`."""
        with self._lock:
            reports = [report for _, report in self._kept.values()]
            is_empty = not reports and not self._beyond
            return None if is_empty else as_attribute(reports, beyond=self._beyond), self._newest

    def written(self, mark: int) -> None:
        """The session's item has all that was there when `mark` was given."""
        self._written = mark
