"""The text form of moments in the Live service: UTC+8, `YYYY-MM-DD hh:mm:ss`. Pure."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def beijing_text(moment: float) -> str:
    """`moment` (unix s) as the wire writes it."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
