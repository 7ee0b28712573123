"""Which rule of a table of rules wins for a stream (wire.md, section 3). Pure."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.recording.stream import StreamRef

Rule = TypeVar("Rule")


def candidates(stream: StreamRef) -> list[tuple[str, str, str]]:
    """The (domain, app, stream) triples that a rule for `stream` may have, the winning one first; "" means any."""
    return list(
        dict.fromkeys(
            [
                (stream.domain, stream.app, stream.stream),
                (stream.domain, "", stream.stream),
                (stream.domain, stream.app, ""),
                (stream.domain, "", ""),
            ]
        )
    )


def winner(stream: StreamRef, find: Callable[[tuple[str, str, str]], Rule | None]) -> Rule | None:
    """The rule that decides for `stream`, or None; `find` looks one triple up."""
    return next((rule for triple in candidates(stream) if (rule := find(triple)) is not None), None)
