"""Troubles of a push, gathered until they are told together (event 321). Pure: time is an argument."""

from chalicelib.recording.push_report import Abnormality, PushTrouble

MOST_DETAILS = 10


class PushTroubles:
    """What was wrong since it was told last."""

    def __init__(self) -> None:
        self._since = float("inf")
        self._counts: dict[PushTrouble, int] = {}
        self._details: dict[PushTrouble, list[tuple[str, float]]] = {}

    @property
    def is_empty(self) -> bool:
        """There is nothing to tell."""
        return not self._counts

    def note(self, trouble: PushTrouble, count: int, description: str, now: float) -> None:
        """Count a trouble that was seen by `now` (unix s)."""
        self._since = min(self._since, now)
        self._counts[trouble] = self._counts.get(trouble, 0) + count
        details = self._details.setdefault(trouble, [])
        if len(details) < MOST_DETAILS:
            details.append((description, now))

    def take(self, now: float) -> tuple[float, tuple[Abnormality, ...]]:
        """For how many seconds was gathered, and what; nothing is left."""
        seconds = max(0.0, now - self._since)
        found = tuple(
            Abnormality(trouble=trouble, count=count, details=tuple(self._details[trouble]))
            for trouble, count in self._counts.items()
        )
        self._since, self._counts, self._details = float("inf"), {}, {}
        return seconds, found
