"""Spans of time: merged, and no more than there is room for."""

import pytest

from chalicelib.recording.spans import Span, merged


@pytest.mark.parametrize(
    ("windows", "spans"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(1.0, 2.0), (3.0, 4.0)], [(1.0, 2.0), (3.0, 4.0)], id="apart"),
        pytest.param([(3.0, 4.0), (1.0, 3.0)], [(1.0, 4.0)], id="one after the other, in any order"),
        pytest.param([(1.0, 9.0), (2.0, 3.0)], [(1.0, 9.0)], id="one inside the other"),
        pytest.param([(5.0, 5.0), (9.0, 7.0), (1.0, 2.0)], [(1.0, 2.0)], id="what never began"),
        pytest.param([(1.0, 5.0), (4.0, 2.0), (6.0, 7.0)], [(1.0, 5.0), (6.0, 7.0)], id="inside, and never began"),
    ],
)
def test_spans_are_in_order_and_apart(windows: list[Span], spans: list[Span]) -> None:
    assert merged(windows) == spans


def test_where_there_are_too_many_the_shortest_gaps_are_closed() -> None:
    windows = [(0.0, 1.0), (3.0, 4.0), (5.0, 6.0), (6.5, 7.0), (9.0, 10.0)]
    assert merged(windows, most=3) == [(0.0, 1.0), (3.0, 7.0), (9.0, 10.0)]
