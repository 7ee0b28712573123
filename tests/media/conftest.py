"""What every media test stands on: a bucket, a source in a file, a second reader."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip


@pytest.fixture
def s3() -> Iterator[FakeS3]:
    """A bucket with S3's own rules."""
    with FakeS3() as server:
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Callable[[Clip], Path]:
    """Puts a clip where a recorder can read it."""

    def put(clip: Clip) -> Path:
        path = tmp_path / "source.flv"
        path.write_bytes(clip.content)
        return path

    return put


@pytest.fixture
def complaints_of_ffmpeg(tmp_path: Path) -> Callable[..., str]:
    """Reads a file's bytes with Debian's ffmpeg, decoding everything; returns what it has to say."""

    def read(content: bytes, suffix: str) -> str:
        path = tmp_path / f"second-reader{suffix}"
        path.write_bytes(content)
        command = ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr + (f"exit {done.returncode}" if done.returncode else "")

    return read
