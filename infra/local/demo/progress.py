"""What the demo says while it works: a line that moves on a terminal, few lines elsewhere."""

import sys
from typing import TextIO

_BAR = 30
_SPARSE_SECONDS = 10


class Progress:
    """Lines of `name  text`; `moving` rewrites its line on a terminal and speaks every tenth second elsewhere."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._moves = out.isatty()
        self._is_open = False

    def line(self, name: str, text: str) -> None:
        """One line that stays."""
        if self._is_open:
            self._out.write("\n")
            self._is_open = False
        self._out.write(f"  {name:<10} {text}\n")
        self._out.flush()

    def moving(self, name: str, done: int, total: int) -> None:
        """`done` of `total` seconds."""
        if self._moves:
            filled = _BAR * done // total if total else _BAR
            self._out.write(f"\r  {name:<10} [{'=' * filled}{' ' * (_BAR - filled)}] {done:>3} of {total} s")
            self._out.flush()
            self._is_open = True
        elif done == total or done % _SPARSE_SECONDS == 0:
            self.line(name, f"{done} of {total} s")
