"""Duties of a function, each on its own: one that fails is told, the others are done."""

import time
from collections.abc import Callable
from typing import Protocol

from chalicelib.logs import log
from chalicelib.table import Table


class Duty(Protocol):
    """What is to be done on the table at a moment (unix s)."""

    def __call__(self, table: Table, /, *, now: float) -> None: ...


def each_duty(table: Table, *duties: Duty, clock: Callable[[], float] = time.time) -> None:
    """Do them all in their order; raises the first failure at last, so that the function counts as failed."""
    failures: list[Exception] = []
    for duty in duties:
        try:
            duty(table, now=clock())
        except Exception as error:  # what it could not do the next run may
            log("duty_failed", duty=duty.__module__, error=repr(error))
            failures.append(error)
    if failures:
        raise failures[0]
