"""As fast as it goes: a file copied into memory beside ffmpeg on a memory disk; and the whole job of a recovery."""

import subprocess
from pathlib import Path

from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from chalicelib.settings import Settings
from recorder_task.aws.connect import connected
from tests.bench import clip
from tests.bench.contestants import Recorders, cpu_seconds_in_all, ffmpeg
from tests.bench.copying import FILE_ID
from tests.bench.figures import Figures

FOUR = ("flv", "mp4", "hls", "aac")
PART_BYTES = 16 * 2**20
JOB_SECONDS = 120
"""Of what is recovered from the bucket: its double counts the whole file's hash at each reading."""


def measure(figures: Figures, recorders: Recorders, folder: Path, *, seconds: int) -> None:
    """One format recovered, one and four recorded from a file."""
    source = folder / "offline.flv"
    clip.make(source, seconds)
    hour = 3600 / seconds
    rows = [
        ("recover FLV", ["recover", str(source), "flv"], ["flv"], "≤ 1.3"),
        ("record FLV from a file", ["record", str(source), "flv"], ["flv"], "≤ 1.3"),
        ("record four formats from a file", ["record", str(source), *FOUR], FOUR, "< 1"),
    ]
    for what, command, formats, goal in rows:
        start, copy = _copied(recorders, command)
        theirs = cpu_seconds_in_all(ffmpeg(str(source), formats, folder))
        for left in folder.glob("*/out*"):
            left.unlink()
        figures.compared(f"offline, {what} ({seconds} s), into memory: CPU s an hour", copy * hour, theirs * hour, goal)
        if what == "recover FLV":
            figures.alone("offline, start of the process, once: CPU s", f"{start:.2f}", "")
    clip.make(source, JOB_SECONDS)
    _upload(recorders, source)
    _, job = _copied(recorders, ["job", "flv"])
    recorders.cloud.forget()
    theirs = cpu_seconds_in_all(ffmpeg(str(source), ["flv"], folder))
    figures.compared(
        f"offline, recovery job of an FLV ({JOB_SECONDS} s), download and upload over TLS: CPU s an hour",
        job * 3600 / JOB_SECONDS,
        theirs * 3600 / JOB_SECONDS,
        "",
    )
    for left in (*folder.glob("*/out*"), source):
        left.unlink()


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
    key = media_key(FILE_ID, RecordFormat.FLV)
    with connected(settings, recorders.cloud.environment) as (bucket, _), source.open("rb") as file:
        upload_id = bucket.begin_upload(key, content_type="video/x-flv")
        for number, part in enumerate(iter(lambda: file.read(PART_BYTES), b""), 1):
            bucket.put_part(key, upload_id, number, part)
