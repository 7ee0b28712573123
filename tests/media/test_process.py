"""The container's entry point, as a process: the files the image has, real DynamoDB requests, signals, exit codes."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib import keys
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from chalicelib.table import DynamoTable, Put
from recorder_task.native.build import BUILT
from tests.compiled_loops import need_compiled_loops
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.hls import packets_of_segments
from tests.media.packets import contents, packets_of
from tests.media.studio import Studio, session_item, template_order
from tests.moto_table import create_table

ROOT = Path(__file__).parent.parent.parent
Source = Callable[[Clip], Path]


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[str]:
    """The endpoint of a DynamoDB server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def bare_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the Dockerfile copies of the sources, and nothing else."""
    folder = tmp_path_factory.mktemp("image")
    _, last_stage = (ROOT / "recorder_task/Dockerfile").read_text().replace("\\\n", " ").rsplit("FROM ", 1)
    for line in re.findall(r"^COPY ([^-].+)$", last_stage, re.MULTILINE):
        *sources, target = line.split()
        for each in sources:
            if (ROOT / each).is_dir():
                ignored = shutil.ignore_patterns("*.so", "__pycache__")  # as Docker is told to
                shutil.copytree(ROOT / each, folder / target, dirs_exist_ok=True, ignore=ignored)
            else:
                destination = folder / target / Path(each).name if target.endswith("/") else folder / target
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / each, destination)
    return folder


@pytest.fixture(scope="module")
def image(bare_image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the compiled loops, which the image gets from its first stage."""
    folder = tmp_path_factory.mktemp("whole") / "image"
    need_compiled_loops()
    shutil.copytree(bare_image, folder)
    shutil.copy(BUILT, folder / "recorder_task" / "native")
    return folder


class Process:
    """A recorder's process with its own table, on a bucket of the test's."""

    def __init__(self, image: Path, dynamodb: str, s3: FakeS3, table_name: str) -> None:
        self._image = image
        self.environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
            "AWS_ENDPOINT_URL_S3": s3.url,
            "TABLE_NAME": table_name,
            "BUCKET_NAME": s3.bucket,
            "CHECKPOINT_SECONDS": "0.2",
            "SESSION_ID": "session-1",
            "PYTHONWARNINGS": "error",
        }
        client = boto3.client("dynamodb", endpoint_url=dynamodb, region_name="us-east-1")
        create_table(client, table_name)
        self.table = DynamoTable(table_name, lambda: client)

    def order(self, pull_url: str, *orders: RecordingOrder) -> None:
        self.table.put(Put(key=keys.session("session-1"), item=session_item(pull_url, *orders)))

    def start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "recorder_task"]
        return subprocess.Popen(
            command, cwd=self._image, env=self.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and log lines of a whole run."""
        with self.start() as process:
            stdout, stderr = process.communicate(timeout=30)
        assert stdout == ""
        return process.returncode, [json.loads(line) for line in stderr.splitlines()]


@pytest.fixture
def process(image: Path, dynamodb: str, s3: FakeS3, request: pytest.FixtureRequest) -> Process:
    return Process(image, dynamodb, s3, f"table-{abs(hash(request.node.name))}")


def test_it_records_its_session_and_ends_with_0(process: Process, s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder())
    process.order(str(source(made)), template_order("flv", "hls", "mp4", "aac", "mp3"))
    code, lines = process.run()
    assert code == 0
    first, *told, last = (line["event"] for line in lines)
    assert (first, last) == ("recorder_started", "recorder_ended")
    assert Counter(told) == {"recording_started": 5, "file_ready": 5}
    for name in RecordFormat:  # one format may be ready before another, whose lane is busy, has begun
        assert [line["event"] for line in lines if line.get("format") == name] == ["recording_started", "file_ready"]
    assert all({"session_id", "stream"} <= line.keys() for line in lines)
    assert len([key for key in s3.objects if key.startswith("ready/")]) == 5
    session = process.table.get(keys.session("session-1")) or {}
    assert session["end_reason"] == "source ended"
    assert {formats["state"] for formats in session["outcomes"]["template-1"].values()} == {"ended"}


def test_sigterm_ends_it_with_complete_files_though_the_source_says_nothing(process: Process, s3: FakeS3) -> None:
    made = clip(ClipOrder(seconds=20, width=64, height=64))
    with FlvOrigin(made.content) as origin:
        process.order(origin.url, template_order("flv", "mp4"))
        with process.start() as running:
            origin.send(until_ms=10_000)
            s3.wait_for(lambda: len(s3.uploads) == 2)
            began_at = time.monotonic()
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=10) == 0
            assert time.monotonic() - began_at < 3
    studio = Studio(s3)
    for name in ("flv", "mp4"):
        found = contents(packets_of(studio.content(studio.file(name))), "video")
        assert found == contents(made.packets, "video")[: len(found)]
        assert len(found) > 100
    assert s3.uploads == {}


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"SESSION_ID": ""}, "SESSION_ID is not set"),
        ({"SESSION_ID": "unknown"}, "no session unknown"),
        ({"AWS_ACCESS_KEY_ID": ""}, "NoCredentials: no AWS credentials"),
        ({"TABLE_NAME": "missing"}, "ResourceNotFoundException"),
        ({"PART_BYTES": "many"}, "PART_BYTES must be of type int"),
    ],
    ids=["no session id", "an unknown session", "no credentials", "no table", "a setting of the wrong kind"],
)
def test_what_cannot_begin_says_why_in_one_line(environment: dict[str, str], reason: str, process: Process) -> None:
    process.environment |= environment
    code, lines = process.run()
    assert code == 1
    assert len(lines) == 1
    assert reason in lines[0]["reason"]


def test_a_second_recorder_leaves_the_session_to_the_first(process: Process, s3: FakeS3) -> None:
    with FlvOrigin(clip(ClipOrder()).content) as origin:
        process.order(origin.url, template_order("flv"))
        with process.start() as first:
            origin.send(until_ms=9_000)
            s3.wait_for(lambda: len(s3.uploads) == 1)
            code, lines = process.run()
            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=10) == 0
    assert (code, [line["event"] for line in lines]) == (0, ["recorder_refused"])


@pytest.mark.parametrize("order", [ClipOrder(seconds=7), ClipOrder(video_codec="libx265"), ClipOrder(video_codec=None)])
def test_without_compiled_loops_the_files_are_the_same(
    order: ClipOrder, image: Path, bare_image: Path, dynamodb: str, source: Source, s3: FakeS3
) -> None:
    found: list[dict[str, Any]] = []
    made = source(clip(order))
    for folder in (image, bare_image):
        s3.objects.clear()
        process = Process(folder, dynamodb, s3, f"table-{abs(hash((order, folder)))}")
        process.order(str(made), template_order("flv", "mp4", "aac", "hls"))
        code, lines = process.run()
        assert (code, lines[0]["compiled"]) == (0, folder == image)
        studio = Studio(s3)
        files: dict[str, Any] = {name: studio.content(studio.file(name)) for name in ("flv", "mp4", "aac")}
        for kind in ("video", "audio"):  # start codes of three bytes or four are the same to a player
            packets = packets_of_segments(s3, studio.file("hls"), kind)
            files[kind] = [packet._replace(size=0) for packet in packets]
        found.append(files)
    assert found[0] == found[1]
