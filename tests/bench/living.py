"""Live: so many recorders beside so many ffmpeg, each pulling the same stream of the local origin in real time."""

import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import clip, origin
from tests.bench.contestants import Process, Recorders, cpu_seconds_so_far, ffmpeg, pss_bytes
from tests.bench.figures import Figures

SETTLE_SECONDS = 12.0
"""Until all of them have begun, and checkpoints have set in."""
GOALS = {("flv",): "≤ 0.85", ("mp4",): "≤ 0.85", ("flv", "mp4", "hls", "aac"): "≤ 0.75"}
MIB = 2**20


def measure(figures: Figures, recorders: Recorders, folder: Path, *, seconds: int, streams: int) -> None:
    """CPU and memory of one format, of MP4, of four."""
    source = folder / "live.flv"
    clip.make(source, seconds + int(SETTLE_SECONDS) + 30)
    for formats, goal in GOALS.items():
        recorders.cloud.forget()
        with origin.live(source, folder) as url:
            time.sleep(2)  # ffmpeg does not wait for a publish
            with (
                _running(recorders.start(url, formats) for _ in range(streams)) as ours,
                _running(ffmpeg(url, formats, folder) for _ in range(streams)) as theirs,
            ):
                time.sleep(SETTLE_SECONDS)
                before = [cpu_seconds_so_far(each) for each in (ours, theirs)]
                began_at = time.monotonic()
                time.sleep(seconds)
                for process in (*ours, *theirs):
                    if process.poll() is not None:
                        said = recorders.log.read_text()[-2000:]
                        raise RuntimeError(f"{process.args!r} ended in mid-stream with {process.returncode}: {said}")
                hours = (time.monotonic() - began_at) / 3600
                ours_used, theirs_used = [
                    (cpu_seconds_so_far(each) - was) / streams / hours
                    for each, was in zip((ours, theirs), before, strict=True)
                ]
                ours_held, theirs_held = [statistics.mean(map(pss_bytes, each)) / MIB for each in (ours, theirs)]
            name = " + ".join(formats).upper()
            figures.compared(f"live, {name}, {streams} streams: CPU s an hour", ours_used, theirs_used, goal)
            memory_goal = "≤ 46.5: 32 MB and two parts" if formats == ("mp4",) else ""
            figures.compared(f"live, {name}, {streams} streams: PSS of one, MiB", ours_held, theirs_held, memory_goal)
        for left in folder.glob("*/out*"):
            left.unlink()
    source.unlink()


@contextmanager
def _running(starting: Iterable[Process]) -> Iterator[list[Process]]:
    """Processes that are ended, and waited for, whatever happens."""
    started: list[Process] = []
    try:
        started.extend(starting)
        yield started
    finally:
        for process in started:
            process.terminate()
            process.wait()
