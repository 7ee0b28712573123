"""When a piece ends."""

import pytest

from recorder_task.timing.cutter import Cutter


def cuts(cutter: Cutter, *positions: tuple[float, bool]) -> list[float]:
    """The positions at which a new piece begins."""
    return [at for at, is_key_frame in positions if cutter.step(at, is_key_frame=is_key_frame)]


@pytest.mark.parametrize(
    ("interval_seconds", "has_video", "positions", "expected"),
    [
        (4, True, [(0, True), (2, True), (3, False), (4, True), (6, True), (8, True)], [4, 8]),
        (4, True, [(0, True), (4, False), (5, True), (8, True), (9, True)], [5, 9]),
        (4, True, [(0, True), (3.998, True)], [3.998]),
        (4, True, [(0, True), (3.9, True)], []),
        (4, True, [(100, False), (102, True), (104, True)], [104]),
        (4, False, [(0, False), (3.99, False), (4.01, False), (8, False), (8.02, False)], [4.01, 8.02]),
        (0, True, [(0, True), (10_000, True)], []),
    ],
    ids=[
        "on the key frame at the interval",
        "on the first key frame behind it",
        "a millisecond early counts",
        "early does not",
        "the first sample begins the first piece",
        "audio by time",
        "0 never cuts",
    ],
)
def test_a_piece_ends(
    interval_seconds: float, has_video: bool, positions: list[tuple[float, bool]], expected: list[float]
) -> None:
    assert cuts(Cutter(interval_seconds, has_video=has_video), *positions) == expected


def test_a_piece_ends_at_its_longest_though_no_key_frame_comes() -> None:
    cutter = Cutter(4, has_video=True, longest_seconds=8)
    positions = [(0, True), (4, False), (7.9, False), (8, False), (12, True), (19.9, False), (20, False)]
    assert cuts(cutter, *positions) == [8, 12, 20]


def test_a_piece_may_begin_whatever_the_interval_says() -> None:
    cutter = Cutter(4, has_video=True)
    assert cuts(cutter, (0, True), (2, True)) == []
    cutter.begin(2)
    assert cuts(cutter, (4, True), (6, True)) == [6]


@pytest.mark.parametrize("has_video", [True, False])
@pytest.mark.parametrize("interval_seconds", [0, 0.004, 2, 6.006])
def test_until_a_quiet_time_is_over_only_a_key_frame_ends_a_piece(interval_seconds: float, has_video: bool) -> None:
    cutter = Cutter(interval_seconds, has_video=has_video, longest_seconds=3 * interval_seconds)
    assert cutter.quiet_until < 0  # nothing is known yet
    cutter.step(1, is_key_frame=True)
    began_at = 1.0
    for milliseconds in range(1001, 30_000):
        is_quiet = milliseconds / 1000 < cutter.quiet_until
        if cutter.step(milliseconds / 1000, is_key_frame=False):
            assert not is_quiet
            assert milliseconds / 1000 - began_at == pytest.approx(
                interval_seconds * (3 if has_video else 1), abs=0.006
            )
            began_at = milliseconds / 1000
