"""How the wire writes moments: ISO 8601 in UTC, or Beijing time without a zone. Encode beside decode. Pure."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated
from urllib.parse import unquote_plus

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

BEIJING = timezone(timedelta(hours=8))
BEIJING_FORM = "%Y-%m-%d %H:%M:%S"


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
    return datetime.fromtimestamp(moment, BEIJING).strftime(BEIJING_FORM)


def beijing_moment(text: str) -> float:
    """The unix seconds of `2026-11-20 18:00:00` in UTC+8, escaped as in a URL or not; raises ValueError."""
    return datetime.strptime(unquote_plus(text), BEIJING_FORM).replace(tzinfo=BEIJING).timestamp()


def any_moment(text: str) -> float:
    """The unix seconds of a text in either form of the wire; one without a zone is Beijing time; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp()


def text_like(asked: str, moment: float) -> str:
    """A moment (unix s) in the form that `asked` has."""
    return iso_text(moment) if datetime.fromisoformat(asked).tzinfo else beijing_text(moment)


def _readable(text: str) -> str:
    try:
        iso_moment(text)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_a_moment", "not a time such as 2026-11-20T10:00:00Z") from None
    return text


def _readable_in_beijing(text: str) -> str:
    try:
        beijing_moment(text or "2026-11-20 18:00:00")
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_a_moment", "not a time such as 2026-11-20 18:00:00") from None
    return text


def _readable_in_either_form(text: str) -> str:
    try:
        any_moment(text)
    except (ValueError, OverflowError):
        either = "not a time such as 2026-11-20T10:00:00Z or 2026-11-20 18:00:00"
        raise PydanticCustomError("not_a_moment", either) from None
    return text


IsoText = Annotated[str, AfterValidator(_readable)]
"""A text that `iso_moment` reads."""
AnyText = Annotated[str, AfterValidator(_readable_in_either_form)]
"""A text that `any_moment` reads."""
BeijingText = Annotated[str, AfterValidator(_readable_in_beijing)]
"""A text that `beijing_moment` reads, or none."""
