"""Writes that meet another's transaction: tried again after a pause, which botocore does not do by itself."""

import random
import time
from collections.abc import Callable
from typing import Any

PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def unless_in_conflict(call: Callable[[], Any]) -> Any:
    """What `call` returns; called again while another transaction is at work on the same item."""
    for pause in PAUSES_SECONDS:
        try:
            return call()
        except Exception as error:
            if not _is_conflict(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads rivals, hides nothing
    return call()


def error_code(error: Exception) -> str:
    """The code in an error of botocore's form, or nothing."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def cancellation_reasons(error: Exception) -> list[str]:
    """Why a transaction was cancelled: a code for each of its writes, `None` where it was not at fault."""
    response = getattr(error, "response", {})
    return [each.get("Code", "None") for each in response.get("CancellationReasons", [])]


def _is_conflict(error: Exception) -> bool:
    reasons = cancellation_reasons(error)
    met_another = error_code(error) == "TransactionConflictException" or "TransactionConflict" in reasons
    return met_another and "ConditionalCheckFailed" not in reasons
