"""The origin of the local stack as a process of its own."""

import json
import os
import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.child import Child
from infra.local.settings import ROOT

SECRET = "s&cret +"
API_CREDENTIALS = "tapedeck:of the test"


@contextmanager
def running_origin(hooks_base: str, directory: Path) -> Iterator[Mapping[str, Any]]:
    """What an origin says when it listens, `port` and `api_port`; it tells the hooks at `hooks_base`."""
    lines: queue.Queue[str] = queue.Queue()
    environment = {
        **os.environ,
        "ORIGIN_PORT": "0",
        "ORIGIN_HOOKS": hooks_base,
        "ORIGIN_SECRET": SECRET,
        "ORIGIN_API_PORT": "0",
        "ORIGIN_API_CREDENTIALS": API_CREDENTIALS,
    }
    process = Child(
        "the origin",
        ["node", str(ROOT / "infra" / "local" / "origin.js")],
        environment,
        log=directory / "origin.log",
        on_line=lines.put,
    )
    try:
        yield json.loads(lines.get(timeout=10))
    finally:
        assert process.stop(5) == 0
