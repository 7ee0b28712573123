"""The word to stop, from outside: whoever waits for something else is woken by it."""

import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop(threading.Event):
    """An event that calls `wakes` when it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.wakes: Callable[[], None] = lambda: None

    def set(self) -> None:
        """Stop."""
        super().set()
        self.wakes()


def set_by_signals(stop: Stop) -> None:
    """Have SIGTERM and SIGINT set `stop`; call it before there are other threads, which must not take them.

    A thread of its own waits for them: a handler would run inside the main thread's waits, whose locks it may not take.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def wait() -> None:
        while True:
            signal.sigwait(SIGNALS)
            stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()
