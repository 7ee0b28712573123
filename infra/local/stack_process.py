"""Starts the local stack as a process of its own, for those who need one for a while: tests and the demo."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.local.child import Child
from infra.local.running import StackFacts, stack_file
from infra.local.stack import READY
from infra.local.trouble import Trouble

ANY_PORTS = {f"TAPEDECK_{name}_PORT": "0" for name in ("FRONT", "AWS", "ECS", "RTMP")}
STOP_SECONDS = 150.0  # recorders may take two minutes


@contextmanager
def running_stack(
    state: Path, *, environment: Mapping[str, str] = ANY_PORTS, on_line: Callable[[str], None] | None = None
) -> Iterator[StackFacts]:
    """A stack that is ready, with its state in `state`, ended on leaving; raises Trouble where it does not start.

    `environment` adds to this process's: ports (any free ones by default) and settings. `on_line` gets what it prints.
    """
    state.mkdir(parents=True, exist_ok=True)
    ready, lines = threading.Event(), list[str]()

    def read(line: str) -> None:
        lines.append(line)
        if line.startswith(READY):
            ready.set()
        if on_line:
            on_line(line)

    process = Child(
        "the stack",
        [sys.executable, "-m", "infra.local.stack", "up"],
        {**os.environ, **environment, "TAPEDECK_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"},
        log=state / "stack.log",
        on_line=read,
        on_end=lambda _: ready.set(),
    )
    try:
        ready.wait()
        if process.ended:
            raise Trouble("\n".join(lines) or "The stack did not start.")
        yield StackFacts.read(stack_file(state))
    finally:
        process.stop(STOP_SECONDS)
