"""Our recorder and ffmpeg as processes, each measured by what the kernel says of it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from chalicelib import keys
from chalicelib.recording.orders import FormatOrder
from tests.bench.cloud import Cloud
from tests.container import container_environment
from tests.media.studio import session_item, template_order

FFMPEG = "ffmpeg"
FFMPEG_OUTPUTS = {
    "flv": "{folder}/out.flv",
    "mp4": "{folder}/out.mp4",
    "hls": "{folder}/out.m3u8",
    "aac": "{folder}/out.aac",
}
FFMPEG_FORMATS = {"flv": "f=flv", "mp4": "f=mp4", "hls": "f=hls:hls_time=6:hls_list_size=0", "aac": "f=adts:select=a"}
"""As the tee muxer has them; for one format alone it is not used."""
UNCUT_SECONDS = 100_000
Process = subprocess.Popen[bytes]


def cpu_seconds_in_all(process: Process) -> float:
    """Wait for a process and say what it used, user and system; raises RuntimeError where it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def cpu_seconds_so_far(processes: Sequence[Process]) -> float:
    """What the living threads of processes have used, to the nanosecond."""
    tasks = (task for process in processes for task in Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def pss_bytes(process: Process) -> int:
    """The memory of a process, what is shared counted by its share."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {process.pid} has no Pss")


def ffmpeg(source: str, formats: Sequence[str], folder: Path) -> Process:
    """ffmpeg that copies a source into all formats by one demux, to files in a folder of its own.

    Plain `-c copy`: no key-frame index, no faststart, which ours have.
    """
    own = tempfile.mkdtemp(dir=folder)
    files = {name: FFMPEG_OUTPUTS[name].format(folder=own) for name in formats}
    target = ["-f", "tee", "|".join(f"[{FFMPEG_FORMATS[name]}]{file}" for name, file in files.items())]
    if len(files) == 1:
        target = list(files.values())
    return subprocess.Popen([FFMPEG, "-v", "quiet", "-y", "-nostdin", "-i", source, "-c", "copy", "-map", "0", *target])


class Recorders:
    """Recorder processes on one bucket and table."""

    def __init__(self, cloud: Cloud, log: Path) -> None:
        self.cloud = cloud
        self.log = log
        """What all of them say."""
        self._started = 0

    def start(self, source: str, formats: Sequence[str]) -> Process:
        """A recorder that writes every format, uncut."""
        self._started += 1
        order = template_order(*formats, format_order=FormatOrder(interval_seconds=UNCUT_SECONDS))
        self.cloud.put(keys.session(self._session_id), {**session_item(source, order), "session_id": self._session_id})
        return self._run([sys.executable, "-m", "recorder_task"], SESSION_ID=self._session_id)

    def run(self, module: str, *arguments: str) -> Process:
        """Another command on the same bucket and table."""
        return self._run([sys.executable, "-m", module, *arguments])

    def unpublish(self) -> None:
        """Say that the stream of the recorder started last has ended."""
        self.cloud.set(keys.session(self._session_id), {"unpublished_at": time.time()})

    @property
    def _session_id(self) -> str:
        return f"session-{self._started}"

    def _run(self, command: Sequence[str], **variables: str) -> Process:
        environment = {**container_environment(), **self.cloud.environment, **variables}
        with self.log.open("a") as log:
            return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)


def seconds_to_subscribe(recorders: Recorders) -> float:
    """From the start of a recorder's process to its connection at the origin; raises TimeoutError where none comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        began_at = time.monotonic()
        process = recorders.start(f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/room-7", ["flv"])
        connection, _ = server.accept()
        seconds = time.monotonic() - began_at
        process.kill()
        process.wait()
        connection.close()
    return seconds
