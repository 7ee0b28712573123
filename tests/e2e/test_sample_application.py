"""The sample application of the docs, unmodified: a process that knows the API's address and the SDK, no more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from infra.local.demo.publisher import Publisher
from infra.local.running import StackFacts
from infra.local.settings import ROOT
from tests.e2e.scene import clip_of

pytestmark = pytest.mark.e2e


@contextmanager
def application(stack: StackFacts, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The application as its own process, killed where the test fails before its end."""
    place = ["--endpoint", urlsplit(stack.api).netloc, "--rtmp", stack.rtmp, "--domain", stack.push_domain]
    with subprocess.Popen(
        [sys.executable, str(ROOT / "docs" / "sample_application.py"), *place, *arguments],
        env={**os.environ, "TENCENTCLOUD_SECRET_ID": stack.secret_id, "TENCENTCLOUD_SECRET_KEY": stack.secret_key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_sample_application_lives_its_whole_life(stack: StackFacts) -> None:
    with application(stack, "--task-seconds", "3") as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("publish to ").strip()
        with Publisher(url, clip_of(6)) as publisher:
            publisher.wait()
        said, complaint = process.communicate(timeout=120)
        assert (process.returncode, complaint) == (0, "")
    active, of_task, left, found, *media, stopped, end = said.splitlines()
    assert active == "the stream is active"
    assert of_task.endswith(".mp4")
    assert left.endswith("left 2 files beside the task's")
    assert found == "the library has 3 files of the stream"
    assert len(media) == 3
    assert stopped.startswith("the task was stopped")
    assert end == "everything was taken back"
