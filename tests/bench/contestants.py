"""Our recorder and ffmpeg as processes, each measured by what the kernel says of it."""

import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from chalicelib import keys
from chalicelib.table import DynamoTable, Put
from infra.local.child import Child
from infra.local.settings import ROOT
from tests.fakes.hook_server import HookServer
from tests.fakes.s3 import FakeS3
from tests.fakes.serving import serving
from tests.media.studio import session_item, template_order
from tests.moto_table import create_table

FFMPEG = "ffmpeg"
FFMPEG_OUTPUTS = {
    "flv": "{folder}/out.flv",
    "mp4": "{folder}/out.mp4",
    "hls": "{folder}/out.m3u8",
    "aac": "{folder}/out.aac",
}
FFMPEG_FORMATS = {
    "flv": "f=flv:flvflags=add_keyframe_index",
    "mp4": "f=mp4:movflags=+faststart",
    "hls": "f=hls:hls_time=6:hls_list_size=0",
    "aac": "f=adts:select=a",
}


def cpu_seconds_in_all(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process and say what it used, user and system; raises RuntimeError where it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def cpu_seconds_so_far(pid: int) -> float:
    """What the living threads of a process have used, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def ffmpeg(source: str, formats: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    """ffmpeg that copies a source into all formats by one demux, to files."""
    outputs = "|".join(f"[{FFMPEG_FORMATS[name]}]{FFMPEG_OUTPUTS[name].format(folder=folder)}" for name in formats)
    command = [FFMPEG, "-v", "quiet", "-y", "-nostdin", "-i", source, "-c", "copy", "-map", "0", "-f", "tee", outputs]
    return subprocess.Popen(command)


def own(folder: Path) -> Path:
    """A folder for one process."""
    return Path(tempfile.mkdtemp(dir=folder))


class Recorders:
    """Recorder processes on a bucket and a table of their own."""

    def __init__(self, s3: FakeS3, table: DynamoTable, environment: dict[str, str]) -> None:
        self._s3 = s3
        self._table = table
        self._environment = environment
        self._started = 0

    def start(self, source: str, formats: Sequence[str]) -> "subprocess.Popen[bytes]":
        """A recorder that writes every format."""
        self._s3.objects.clear()
        self._s3.versions.clear()
        self._started += 1
        session_id = f"session-{self._started}"
        item = {**session_item(source, template_order(*formats)), "session_id": session_id}
        self._table.put(Put(key=keys.session(session_id), item=item))
        command = [sys.executable, "-m", "recorder_task"]
        return subprocess.Popen(command, env={**self._environment, "SESSION_ID": session_id}, stderr=subprocess.DEVNULL)


@contextmanager
def recorders() -> Iterator[Recorders]:
    """Whatever recorder processes need, while it is needed."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    credentials = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    client = boto3.client("dynamodb", endpoint_url=f"http://{host}:{port}", **credentials)
    create_table(client, "bench")
    with FakeS3() as s3:
        environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://{host}:{port}",
            "AWS_ENDPOINT_URL_S3": s3.url,
            "TABLE_NAME": "bench",
            "BUCKET_NAME": s3.bucket,
        }
        yield Recorders(s3, DynamoTable("bench", lambda: client), environment)
    server.stop()


@contextmanager
def live(clip: Path, folder: Path) -> Iterator[str]:
    """The RTMP address of a clip that is published in real time to the local stack's origin, whose hooks allow all."""
    lines: queue.Queue[str] = queue.Queue()
    with serving(HookServer().application()) as hooks:
        environment = {**os.environ, "ORIGIN_PORT": "0", "ORIGIN_HOOKS": f"{hooks}/hooks/srs", "ORIGIN_SECRET": "bench"}
        command = ["node", str(ROOT / "infra" / "local" / "origin.js")]
        origin = Child("the origin", command, environment, log=folder / "origin.log", on_line=lines.put)
        url = f"rtmp://127.0.0.1:{json.loads(lines.get(timeout=20))['port']}/live/bench"
        publish = ["-v", "quiet", "-nostdin", "-re", "-i", str(clip), "-c", "copy", "-f", "flv", url]
        with subprocess.Popen([FFMPEG, *publish]) as publisher:
            try:
                yield url
            finally:
                publisher.terminate()
        origin.stop(10)


def pss_bytes(pid: int) -> int:
    """The memory of a process, what is shared counted by its share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no Pss")


def seconds_to_subscribe(recorders_: Recorders) -> float:
    """From the start of a recorder's process to its connection at the origin; raises TimeoutError where none comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        began_at = time.monotonic()
        process = recorders_.start(f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/bench", ["flv"])
        connection, _ = server.accept()
        seconds = time.monotonic() - began_at
        process.kill()
        process.wait()
        connection.close()
    return seconds
