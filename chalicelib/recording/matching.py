"""Which rules may decide for a stream, and which of them wins (wire.md, section 3). Pure."""

from chalicelib.recording.stream import StreamRef


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
