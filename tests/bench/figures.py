"""The figures of a run, as a table that goes into the documents."""

import sys
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Rows as they come; each is told at once, and all of them at the end."""

    rows: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compared(self, what: str, ours: float, theirs: float, goal: str) -> None:
        """Ours beside another's, of the same unit."""
        self._add(f"| {what} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} | {goal} |")

    def alone(self, what: str, ours: str, goal: str) -> None:
        """Ours, which nobody stands beside."""
        self._add(f"| {what} | {ours} | | | {goal} |")

    def note(self, text: str) -> None:
        """What the reader must know."""
        self.notes.append(text)
        print(text, file=sys.stderr, flush=True)

    def _add(self, row: str) -> None:
        self.rows.append(row)
        print(row, file=sys.stderr, flush=True)

    def text(self) -> str:
        """Notes and table."""
        return "\n".join(
            [*self.notes, "", "| what | ours | beside | ratio | goal |", "|---|---|---|---|---|", *self.rows]
        )
