"""A process that dies at one of its calls to AWS: before the call is made, or after it was carried out."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it."""


class Life:
    """Counts the calls of all that are `of` it; the `ends_at`-th is its last, `when` is "before" or "after" it."""

    def __init__(self, ends_at: int = 0, when: str = "before") -> None:
        self.calls = 0
        self._ends_at = ends_at
        self._when = when

    def of(self, inner: Any) -> Any:
        """`inner`, as long as this life lasts."""
        return _Mortal(inner, self)

    def call(self, operation: Callable[[], Any]) -> Any:
        """Carry an operation out, and die where it is time."""
        self.calls += 1
        if 0 < self._ends_at < self.calls:  # a process that is gone tidies nothing up
            raise Killed
        is_last = self.calls == self._ends_at
        if is_last and self._when == "before":
            raise Killed
        answer = operation()
        if is_last:
            raise Killed
        return answer


class _Mortal:
    def __init__(self, inner: Any, life: Life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._inner, name)
        return lambda *arguments, **named: self._life.call(lambda: operation(*arguments, **named))
