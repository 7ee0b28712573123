"""A minute and two hours, the latter hurried: how long the file takes to be ready, and whether memory grows."""

import statistics
import threading
import time
from pathlib import Path

from tests.bench import clip
from tests.bench.contestants import Recorders, pss_bytes
from tests.bench.figures import Figures
from tests.bench.origin import HurriedOrigin

MINUTE, TWO_HOURS = 60, 7200
SPEED = 40.0
"""Faster, and the bucket's double falls behind: what is measured then is what waits for it."""
READINGS = 7
READY_SECONDS = 60.0
MIB = 2**20


def measure(figures: Figures, recorders: Recorders, folder: Path, *, tries: int) -> None:
    """One recorder of an MP4."""
    source = folder / "length.flv"
    clip.make(source, clip.MADE_SECONDS)
    short = [_record(recorders, source, MINUTE)[0] for _ in range(tries)]
    took, memory = _record(recorders, source, TWO_HOURS)
    figures.alone(
        f"unpublish to MP4 committed, 1 minute, median of {tries}, s", f"{statistics.median(short):.2f}", "≤ 1"
    )
    figures.alone("unpublish to MP4 committed, 2 hours, s", f"{took:.2f}", "as 1 minute")
    readings = ", ".join(f"{each / MIB:.0f}" for each in memory)
    figures.alone(f"PSS over 2 hours, one MP4, hurried {SPEED:.0f} times, MiB", readings, "flat")


def _record(recorders: Recorders, source: Path, seconds: int) -> tuple[float, list[int]]:
    """Seconds from the end of the stream to its file, and readings of the memory meanwhile."""
    recorders.cloud.forget()
    with HurriedOrigin(source, seconds=seconds, speed=SPEED) as origin:
        process = recorders.start(origin.url, ["mp4"])
        memory = []
        for number in range(1, READINGS + 1):
            _wait_until(origin, seconds * number / (READINGS + 1))
            memory.append(pss_bytes(process))
        origin.has_ended.wait()
        ended_at = time.monotonic()
        recorders.unpublish()
        ready_at = recorders.cloud.ready_at(1, READY_SECONDS)
        process.wait()
    return ready_at - ended_at, memory


def _wait_until(origin: HurriedOrigin, seconds: float) -> None:
    pause = threading.Event()
    while origin.sent_seconds < seconds and not origin.has_ended.is_set():
        pause.wait(0.1)
