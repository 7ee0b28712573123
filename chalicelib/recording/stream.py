"""The address of a stream. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StreamRef:
    """A publish address: push domain, app name, stream name, each as the origin spelled it."""

    domain: str
    app: str
    stream: str

    def __str__(self) -> str:
        return f"{self.domain}/{self.app}/{self.stream}"
