"""The demo's result as text: a table of the files and the figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """One file that was announced, found, opened and held against what was sent."""

    file_format: str
    duration_seconds: float
    size_bytes: int
    file_id: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the customer got, and how fast."""

    files: Sequence[CheckedFile]
    packets_sent: int
    last_callback_seconds: float
    """From the encoder's end to the last file-ready callback."""


def table(files: Sequence[CheckedFile]) -> str:
    """The files, a row each, under a heading."""
    heading = ("format", "duration", "size", "file id", "URL")
    rows = [
        (each.file_format, f"{each.duration_seconds:.2f} s", f"{each.size_bytes:,} B", each.file_id, each.url)
        for each in files
    ]
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    return "\n".join("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in (heading, *rows))


def figures(outcome: Outcome) -> str:
    """What was sent, and how long the customer waited."""
    return (
        f"  {outcome.packets_sent} packets sent; the last callback came {outcome.last_callback_seconds:.2f} s"
        " after the unpublish"
    )
