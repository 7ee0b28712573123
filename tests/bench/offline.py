"""As fast as it goes, on a memory disk: a file copied beside ffmpeg; and the whole job of a recovery."""

import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from chalicelib.settings import Settings
from recorder_task.aws.connect import connected
from tests.bench import clip
from tests.bench.contestants import Recorders, cpu_seconds_in_all, ffmpeg
from tests.bench.copying import file_id
from tests.bench.figures import Figures

FOUR = ("flv", "mp4", "hls", "aac")
LEFT = ("flv", "mp4", "aac")
"""What is recovered of four: an HLS file only lacks the last line of its playlist."""
PART_BYTES = 16 * 2**20
TRIES = 3
"""By turns, and the median of each: whoever is the first to use a page of memory pays for it."""
JOB_SECONDS = 120
"""Of what is recovered from the bucket: its double counts the whole file's hash at each reading."""


def measure(figures: Figures, recorders: Recorders, folder: Path, *, seconds: int) -> None:
    """Formats recovered alone and all together, and four recorded from a file."""
    source = folder / "offline.flv"
    clip.make(source, seconds)
    flv, mp4, _ = left = [_left(recorders, source, name) for name in LEFT]
    hour = 3600 / seconds
    rows: list[tuple[str, Sequence[str | Path], Path, Sequence[str], str]] = [
        ("recover FLV", ["recover", flv], flv, ["flv"], "≤ 1.3"),
        ("recover MP4", ["recover", mp4], mp4, ["mp4"], "≤ 1.3"),
        ("recover four formats", ["recover", *left], flv, FOUR, "< 1"),
        ("record four formats from a file", ["record", source, *FOUR], source, FOUR, ""),
    ]
    for what, command, file, formats, goal in rows:
        starts, ours, theirs = zip(*(_compared(recorders, command, file, formats) for _ in range(TRIES)), strict=True)
        figures.compared(
            f"offline, {what} ({seconds} s), on a memory disk, median of {TRIES}: CPU s an hour",
            statistics.median(ours) * hour,
            statistics.median(theirs) * hour,
            goal,
        )
        if what == "recover FLV":
            figures.alone("offline, start of the process, once: CPU s", f"{statistics.median(starts):.2f}", "")
    clip.make(source, JOB_SECONDS)
    _upload(recorders, _left(recorders, source, "flv"))
    _, job = _copied(recorders, ["job", "flv"])
    recorders.cloud.forget()
    beside = cpu_seconds_in_all(ffmpeg(str(flv), ["flv"], folder))
    figures.compared(
        f"offline, recovery job of an FLV ({JOB_SECONDS} s), download and upload over TLS: CPU s an hour",
        job * 3600 / JOB_SECONDS,
        beside * 3600 / JOB_SECONDS,
        "",
    )
    for written in (*folder.glob("*/out*"), source, *left):
        written.unlink()


def _left(recorders: Recorders, source: Path, format_: str) -> Path:
    """What a recorder that dies behind the last packet leaves of a source."""
    target = source.with_name(f"left.{format_}")
    process = recorders.run("tests.bench.copying", "leave", str(source), format_, str(target))
    process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return target


def _compared(
    recorders: Recorders, command: Sequence[str | Path], file: Path, formats: Sequence[str]
) -> tuple[float, float, float]:
    """CPU seconds of our process's start, of its copy, and of ffmpeg's, which reads `file`."""
    start, copy = _copied(recorders, list(map(str, command)))
    theirs = cpu_seconds_in_all(ffmpeg(str(file), formats, file.parent))
    for written in file.parent.glob("*/out*"):
        written.unlink()
    return start, copy, theirs


def _copied(recorders: Recorders, arguments: list[str]) -> tuple[float, float]:
    process = recorders.run("tests.bench.copying", *arguments)
    text, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    start, copy = text.split()
    return float(start), float(copy)


def _upload(recorders: Recorders, source: Path) -> None:
    """What a dead recorder leaves: parts of an upload that is open."""
    recorders.cloud.forget(keeps=True)
    settings = Settings(bucket_name=recorders.cloud.bucket)
    key = media_key(file_id("flv"), RecordFormat.FLV)
    with connected(settings, recorders.cloud.environment) as (bucket, _), source.open("rb") as file:
        upload_id = bucket.begin_upload(key, content_type="video/x-flv")
        for number, part in enumerate(iter(lambda: file.read(PART_BYTES), b""), 1):
            bucket.put_part(key, upload_id, number, part)
