"""The emulator's process and the state it leaves."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from infra.local.emulator import Emulator, start_emulator
from infra.local.settings import LOOPBACK, ROOT, LocalSettings, free_ports, past_proxies
from infra.local.trouble import Trouble


def start(state: Path, emulator: str = "") -> Emulator:
    [port] = free_ports(1)
    return start_emulator(LocalSettings(state_dir=str(state), aws_port=port, emulator=emulator), state / "log")


def test_queues_and_objects_are_found_again_at_another_port(tmp_path: Path) -> None:
    emulator = start(tmp_path)
    emulator.client("s3").create_bucket(Bucket="kept")
    emulator.client("s3").put_object(Bucket="kept", Key="media/5/f0.flv", Body=b"0123")
    sqs = emulator.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="kept")["QueueUrl"], MessageBody="hello")
    first = emulator.endpoint
    emulator.client("cloudformation").create_stack(
        StackName="kept", TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    )
    emulator.stop()

    again = start(tmp_path)
    try:
        assert again.endpoint != first
        sqs = again.client("sqs")
        url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
        assert url.startswith(again.endpoint)
        assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["hello"]
        assert again.client("s3").get_object(Bucket="kept", Key="media/5/f0.flv")["Body"].read() == b"0123"
    finally:
        again.stop()


def test_an_emulator_that_runs_already_is_used_and_left_alone(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        used = start(tmp_path / "second", emulator=running.endpoint)
        assert (used.endpoint, used.process) == (running.endpoint, None)
        used.stop()
        with urlopen(f"{running.endpoint}/_localstack/health", timeout=5) as answer:
            assert answer.status == 200
    finally:
        running.stop()


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_an_emulator_is_reached_though_the_environment_names_a_proxy(tmp_path: Path) -> None:
    nobody, answering = free_ports(2)
    proxy = {"http_proxy": f"http://{LOOPBACK}:{nobody}"}
    program = f"""
from tests.local.test_emulator import Path, start
print(start(Path({str(tmp_path)!r}), emulator="http://{LOOPBACK}:{answering}").endpoint)
"""
    with HTTPServer((LOOPBACK, answering), Healthy) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        done = subprocess.run(  # urllib asks for proxies once a process
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, **proxy, **past_proxies(proxy)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == f"http://{LOOPBACK}:{answering}\n", done.stderr


def test_an_emulator_that_does_not_start_is_told_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "ministack").mkdir()
    (tmp_path / "ministack" / "__init__.py").write_text("raise SystemExit('broken')")
    with pytest.raises(Trouble, match=f"ended while it started: see {tmp_path}{os.sep}log"):
        start(tmp_path)
