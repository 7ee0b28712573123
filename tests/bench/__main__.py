"""Prints a table of costs and ratios; OFFLINE_SECONDS and LIVE_SECONDS of stream as arguments."""

import argparse
import logging
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import boto3

from tests.bench import clip, contestants, upload
from tests.bench.contestants import Recorders, cpu_seconds_in_all, cpu_seconds_so_far

ONE, FOUR = ["flv"], ["flv", "mp4", "hls", "aac"]
DEBIAN_MARK = "deb12"
TRIES = 5
SETTLE_SECONDS = 2.0


def main() -> int:
    """Measure and print; 1 where Debian's ffmpeg is missing, without which no ratio means anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--offline-seconds", type=int, default=600)
    parser.add_argument("--live-seconds", type=int, default=60)
    parser.add_argument("--streams", type=int, default=3, help="recorders at once; two cores hold some ten")
    wanted = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    version = ffmpeg_version()
    if DEBIAN_MARK not in version:
        print(f"Debian 12's ffmpeg is what the figures are compared with; found: {version or 'none'}", file=sys.stderr)
        return 1
    libraries = ", ".join(f"{name} {'.'.join(map(str, v))}" for name, v in sorted(av.library_versions.items()))
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}, PyAV {av.__version__}")
    print(f"{version}; PyAV's libraries: {libraries}")
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=folder) as name, contestants.recorders() as recorders:
        offline(recorders, Path(name), wanted.offline_seconds)
        live(recorders, Path(name), wanted.live_seconds, wanted.streams)
        starts = [contestants.seconds_to_subscribe(recorders) for _ in range(TRIES)]
        print(f"\nprocess start to subscribed: {statistics.median(starts):.2f} s (median of {TRIES})")
    ours, theirs = upload.seconds_per_gib()
    print(
        f"upload of a GiB in parts, CPU seconds: ours {ours:.2f}, boto3 {boto3.__version__} {theirs:.2f}, "
        f"ratio {ours / theirs:.2f}"
    )
    return 0


def ffmpeg_version() -> str:
    """The first line ffmpeg says of itself, or nothing."""
    try:
        done = subprocess.run([contestants.FFMPEG, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.splitlines()[0]


def offline(recorders: Recorders, folder: Path, seconds: int) -> None:
    """As fast as it goes, from a file; the start of the process is in it."""
    source = folder / "offline.flv"
    clip.make(source, seconds)
    print(
        f"\noffline copy of {seconds} s, CPU seconds an hour of stream (ours uploads, ffmpeg writes to a memory disk)"
    )
    for formats in (ONE, FOUR):
        ours = cpu_seconds_in_all(recorders.start(str(source), formats))
        theirs = cpu_seconds_in_all(contestants.ffmpeg(str(source), formats, folder))
        print_row(formats, ours, theirs, seconds)
    source.unlink()


def live(recorders: Recorders, folder: Path, seconds: int, streams: int) -> None:
    """In real time, so many of each pulling a stream of the local origin, measured from a quarter to nine tenths."""
    source = folder / "live.flv"
    clip.make(source, seconds)
    print(
        f"\nlive, {seconds} s over RTMP, {streams} recorders beside {streams} ffmpeg, CPU seconds of one an hour "
        "of stream (ours uploads, ffmpeg writes to a memory disk)"
    )
    for formats in (ONE, FOUR):
        with contestants.live(source, folder) as url:
            time.sleep(SETTLE_SECONDS)  # ffmpeg does not wait for a publish
            ours = [recorders.start(url, formats) for _ in range(streams)]
            theirs = [contestants.ffmpeg(url, formats, contestants.own(folder)) for _ in range(streams)]
            time.sleep(seconds * 0.25)
            before = [used_by(each) for each in (ours, theirs)]
            time.sleep(seconds * 0.65)
            used = [(used_by(each) - was) / streams for each, was in zip((ours, theirs), before, strict=True)]
            print_row(formats, used[0], used[1], seconds * 0.65)
            pss = [statistics.mean(contestants.pss_bytes(one.pid) for one in each) / 2**20 for each in (ours, theirs)]
            print(f"{'':18}PSS of one at nine tenths of it: ours {pss[0]:.1f} MiB, ffmpeg {pss[1]:.1f} MiB")
            for process in (*ours, *theirs):
                process.terminate()
                process.wait()


def used_by(processes: Sequence["subprocess.Popen[bytes]"]) -> float:
    """CPU seconds of all so far."""
    return sum(cpu_seconds_so_far(process.pid) for process in processes)


def print_row(formats: list[str], ours: float, theirs: float, seconds: float) -> None:
    """One line of a table."""
    hour = 3600 / seconds
    print(f"  {'+'.join(formats):16}ours {ours * hour:6.2f}   ffmpeg {theirs * hour:6.2f}   ratio {ours / theirs:5.2f}")


if __name__ == "__main__":
    sys.exit(main())
