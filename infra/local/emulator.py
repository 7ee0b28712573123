"""The emulator: MiniStack in a process of its own, or one that runs already and is named by AWS_ENDPOINT_URL.

Run as a module this is that process: MiniStack, which also ends when the stack that started it is gone.
"""

import os
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local.child import Child
from infra.local.settings import LOOPBACK, LocalSettings
from infra.local.trouble import Trouble

START_SECONDS = 30.0
STOP_SECONDS = 20.0  # it writes its state while it stops


class Emulator:
    """An endpoint that answers AWS's APIs."""

    def __init__(self, endpoint: str, region: str, process: Child | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self.process = process

    def client(self, service: str) -> Any:
        """A boto3 client of `service` at this emulator."""
        from localstack_client.session import Session  # boto3 with it, which the emulator's process does without

        host = urlsplit(self.endpoint).netloc
        return Session("test", "test", region_name=self.region, localstack_host=host).client(service)

    def stop(self) -> None:
        """End the emulator if it is ours; it saves its state."""
        if self.process:
            self.process.stop(STOP_SECONDS)


def start_emulator(settings: LocalSettings, log: Path) -> Emulator:
    """The emulator of AWS_ENDPOINT_URL, or a MiniStack that answers; raises Trouble."""
    if settings.emulator:
        _wait_until_it_answers(settings.emulator, None, log)
        return Emulator(settings.emulator, settings.region)
    state = settings.state / "emulator"
    shutil.rmtree(state / "tmp", ignore_errors=True)  # workers' unpacked code of the last run
    (state / "tmp").mkdir(parents=True)
    if not (state / "state" / "cloudformation.json").is_file():
        shutil.rmtree(state / "s3", ignore_errors=True)  # of a run that was killed: a bucket that no stack owns
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(settings.aws_port),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(state / "tmp"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_WARM_TTL_SECONDS": str(24 * 3600),
        "LOG_LEVEL": "INFO",
    }
    _move(state, f"{LOOPBACK}:{settings.aws_port}")
    process = Child("the emulator", [sys.executable, "-m", "infra.local.emulator"], environment, log=log)
    endpoint = f"http://{LOOPBACK}:{settings.aws_port}"
    _wait_until_it_answers(endpoint, process, log)
    return Emulator(endpoint, settings.region, process)


def _move(state: Path, address: str) -> None:
    """Let saved state be that of an emulator at `address`: MiniStack knows a queue by its URL, port and all."""
    mark = state / "address"
    before = mark.read_text() if mark.is_file() else address
    if before != address:
        for file in (state / "state").glob("*.json"):
            file.write_text(file.read_text().replace(before, address))
    mark.write_text(address)


def _wait_until_it_answers(endpoint: str, process: Child | None, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=2):
                return
        except urllib.error.HTTPError:
            return  # another emulator's: it answers, that is enough
        except OSError:
            if process and process.ended:
                raise Trouble(f"The emulator ended while it started: see {log}.") from None
            time.sleep(0.05)
    raise Trouble(f"No emulator answers at {endpoint}: is AWS_ENDPOINT_URL right? See {log}.")


def main() -> None:
    """MiniStack, ended by the end of standard input: nothing is left over when the stack is killed."""

    def end_with_parent() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not sys.stdin.read, which holds a lock that the exit wants
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_parent, daemon=True).start()
    from ministack.app import main as ministack

    sys.argv = sys.argv[:1]
    ministack()


if __name__ == "__main__":
    main()
