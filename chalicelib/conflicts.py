"""Writes that the table would take a moment later: tried again after a pause, which botocore does not do by itself.

The recorder's own client tries them again itself, and gives up under a code that says nothing here.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
CONFLICT = "TransactionConflict"
SINGLE_CONFLICT = "TransactionConflictException"
"""The same, of a write that is no transaction."""
PASSING_REASONS = frozenset({CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"})


def unless_in_conflict(call: Callable[[], Any]) -> Any:
    """What `call` returns; called again while another transaction is at work on the same item, or it was throttled."""
    for pause in PAUSES_SECONDS:
        try:
            return call()
        except Exception as error:
            if not _may_pass(error):
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


def passing_reason(reasons: Sequence[str]) -> str:
    """The first reason of a cancellation that another try may not meet; nothing where one of them would stay."""
    at_fault = [reason for reason in reasons if reason != "None"]
    return at_fault[0] if at_fault and PASSING_REASONS.issuperset(at_fault) else ""


def _may_pass(error: Exception) -> bool:
    return error_code(error) == SINGLE_CONFLICT or passing_reason(cancellation_reasons(error)) != ""
