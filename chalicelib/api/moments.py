"""How the wire writes moments: ISO 8601 in UTC, or Beijing time without a zone. Encode beside decode. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

BEIJING = timezone(timedelta(hours=8))


def iso_text(moment: float) -> str:
    """A moment (unix s) as `2026-11-20T10:00:00Z`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_moment(text: str) -> float:
    """The unix seconds of an ISO 8601 text that names its zone; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.timestamp()


def beijing_text(moment: float) -> str:
    """A moment (unix s) as `2026-11-20 18:00:00`, UTC+8."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _readable(text: str) -> str:
    try:
        iso_moment(text)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_a_moment", "not a time such as 2026-11-20T10:00:00Z") from None
    return text


IsoText = Annotated[str, AfterValidator(_readable)]
"""A text that `iso_moment` reads."""
