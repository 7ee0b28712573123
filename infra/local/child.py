"""A process that the stack started and will end."""

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.settings import ROOT


class Child:
    """A process in a session of its own, so that Ctrl-C reaches the stack alone, which then ends it in order.

    Standard input stays open while the stack lives: a child that reads its end knows that the stack is gone.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        log: Path,
        on_line: Callable[[str], None] | None = None,
        on_end: Callable[[int], None] | None = None,
    ) -> None:
        self.name = name
        self._log = log.open("ab")
        self._on_line = on_line
        self._on_end = on_end
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """The process is gone."""
        return self._process.poll() is not None

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process without asking."""
        self._process.kill()

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, negative for a signal, once it has ended and its output was read; raises TimeoutExpired."""
        code = self._process.wait(seconds)
        self._reader.join(seconds)
        return code

    def stop(self, seconds: float) -> int:
        """Ask, wait, then kill; the exit code."""
        self.terminate()
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait()

    def _read(self) -> None:
        process = self._process
        with self._log as log:
            for line in process.stdout or ():
                log.write(line)
                log.flush()
                if self._on_line:
                    self._on_line(line.decode(errors="replace").rstrip("\n"))
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        if self._on_end:
            self._on_end(code)
