"""Spans of time: when something was recorded, in order and apart. Pure."""

from collections.abc import Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[float, float]
"""Unix s; the end does not belong to it."""


def merged(windows: Iterable[Span], *, most: int | None = None) -> list[Span]:
    """When at least one of the windows held; where that makes more than `most` spans the shortest gaps are closed."""
    spans: list[Span] = []
    for first, end in sorted(windows):
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        elif first < end:
            spans.append((first, end))
    while most is not None and len(spans) > most:
        at = min(range(1, len(spans)), key=lambda number: spans[number][0] - spans[number - 1][1])
        spans[at - 1 : at + 1] = [(spans[at - 1][0], spans[at][1])]
    return spans
