"""A stack of one's own: started as a process, awaited until it is ready, ended with the block."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra.local.demo.settings import child_environment
from infra.local.running import StackFacts, stack_file
from infra.local.settings import ROOT
from infra.local.trouble import Trouble

READY_SECONDS = 120.0
"""A first start packages the functions; 60 s is its bound."""
STOP_SECONDS = 150.0
"""Recorders may take as long as on Fargate to finish their files."""


class StackProcess:
    """`make up` in the background, its state in `state`, its output in `log`; `environment` adds to our own."""

    def __init__(self, state: Path, log: Path, environment: Mapping[str, str]) -> None:
        self.state = state
        self.log = log
        self.start_seconds = 0.0
        """How long the stack took to be ready."""
        self._environment = {**environment, "TAPEDECK_STATE_DIR": str(state)}

    def start(self) -> StackFacts:
        """Start the stack and wait until it is ready; raises Trouble with what the stack said."""
        self.state.mkdir(parents=True, exist_ok=True)
        file = stack_file(self.state)
        file.unlink(missing_ok=True)  # a stack that was killed has left its own
        began = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.stack"],
                cwd=ROOT,
                env=child_environment(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_for(file, began + READY_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - began
        return StackFacts.read(file)

    def stop(self) -> None:
        """End the stack in order: recorders finish their files, the emulator writes its state; raises Trouble."""
        self._process.send_signal(signal.SIGTERM)
        if not self._has_ended_within(STOP_SECONDS):
            raise Trouble(f"The stack (process {self._process.pid}) does not end: see {self.log}.")

    def _wait_for(self, file: Path, deadline: float) -> None:
        while not file.exists():
            if time.monotonic() > deadline:
                raise Trouble(f"The stack was not ready after {READY_SECONDS:.0f} s: see {self.log}.")
            if self._has_ended_within(0.05):
                raise Trouble(self._last_words())

    def _has_ended_within(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"The stack ended without a word (exit code {self._process.returncode})."
