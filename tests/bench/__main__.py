"""Prints a table of costs and ratios beside Debian's ffmpeg, in one run of nine minutes."""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import av

from recorder_task.native import loops
from tests.bench import contestants, lengths, living, offline, upload
from tests.bench.cloud import cloud
from tests.bench.contestants import Recorders
from tests.bench.figures import Figures

DEBIAN_MARK = "deb12"
TRIES = 5
PARTS = ("live", "start", "lengths", "offline", "upload")


def main() -> int:
    """Measure and print; 1 where Debian's ffmpeg is missing, without which no ratio means anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--offline-seconds", type=int, default=1800)
    parser.add_argument("--live-seconds", type=int, default=60)
    parser.add_argument("--streams", type=int, default=10, help="recorders at once, beside as many ffmpeg")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    wanted = parser.parse_args()
    version = ffmpeg_version()
    if DEBIAN_MARK not in version:
        print(f"Debian 12's ffmpeg is what the figures are compared with; found: {version or 'none'}", file=sys.stderr)
        return 1
    figures = Figures()
    libraries = ", ".join(f"{name} {'.'.join(map(str, v))}" for name, v in sorted(av.library_versions.items()))
    figures.note(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} before")
    figures.note(f"{platform.platform()}, Python {platform.python_version()}, PyAV {av.__version__} ({libraries})")
    figures.note("the recorder's inner loops: " + ("compiled" if loops is not None else "not compiled"))
    figures.note(version)
    memory_disk = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory_disk) as name, cloud(Path(name)) as doubles:
        recorders, folder = Recorders(doubles, Path(name) / "recorders.log"), Path(name)
        if "live" in wanted.only:
            living.measure(figures, recorders, folder, seconds=wanted.live_seconds, streams=wanted.streams)
        if "start" in wanted.only:
            starts = [contestants.seconds_to_subscribe(recorders) for _ in range(TRIES)]
            what = f"process start to subscribed, median of {TRIES}, s"
            figures.alone(what, f"{statistics.median(starts):.2f}", "≤ 0.4")
        if "lengths" in wanted.only:
            lengths.measure(figures, recorders, folder, tries=TRIES)
        if "offline" in wanted.only:
            offline.measure(figures, recorders, folder, seconds=wanted.offline_seconds)
        if "upload" in wanted.only:
            upload.measure(figures, doubles)
    figures.note(f"load {os.getloadavg()[0]:.1f} behind")
    print(figures.text())
    return 0


def ffmpeg_version() -> str:
    """The first line ffmpeg says of itself, or nothing."""
    try:
        done = subprocess.run([contestants.FFMPEG, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.splitlines()[0].partition(" Copyright")[0]


if __name__ == "__main__":
    sys.exit(main())
