"""Asking until something is so, where nobody tells: a stack's table and its API have no events for a test."""

import time
from collections.abc import Callable
from typing import TypeVar

PAUSE_SECONDS = 0.1
Answer = TypeVar("Answer")


def ask_until(
    ask: Callable[[], Answer], is_so: Callable[[Answer], bool] = bool, *, seconds: float, what: str
) -> Answer:
    """The first answer that `is_so`; raises TimeoutError that says what was awaited, and the last answer."""
    deadline = time.monotonic() + seconds
    while not is_so(answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: {answer!r} after {seconds:.0f} s")
        time.sleep(PAUSE_SECONDS)
    return answer
