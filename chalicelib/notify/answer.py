"""What came of a POST to a customer's server. Pure."""

from dataclasses import dataclass

HTTP_OK = 200


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a request: a status, or the error that stood in its way."""

    status: int = 0
    body: str = ""
    error: str = ""
    latency_ms: int = 0
    is_late: bool = False
    """The time-out ended it."""

    @property
    def is_success(self) -> bool:
        """HTTP 200, whatever the body (wire.md, section 6)."""
        return self.status == HTTP_OK
