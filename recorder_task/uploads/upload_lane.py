"""Uploads beside the media: one thread an output carries its requests out in order; the memory they hold is known."""

import queue
import threading
from collections.abc import Callable

Request = Callable[[], object]


class UploadMemory:
    """The bytes of one recorder that wait for the bucket, over all its lanes.

    Handing over never waits: who gives asks `has_room` first. What the muxers themselves hold, a part or a segment of
    each output, comes on top.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.share_bytes = limit_bytes // 2
        """For what the lanes hold; the other half is for what waits before the muxers."""
        self._held_bytes = 0
        self._changed = threading.Condition()

    @property
    def held_bytes(self) -> int:
        """What the lanes hold now."""
        return self._held_bytes

    @property
    def has_room(self) -> bool:
        """The lanes hold less than their half."""
        return self._held_bytes < self.share_bytes

    def wait_for_room(self, seconds: float | None = None) -> bool:
        """Wait until there is room, `seconds` at most; returns whether there is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.has_room, seconds)

    def take(self, size_bytes: int) -> None:
        """Bytes that were handed to a lane."""
        with self._changed:
            self._held_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Bytes that were uploaded or given up."""
        with self._changed:
            self._held_bytes -= size_bytes
            self._changed.notify_all()


class UploadLane:
    """Requests one after another. The first that fails is `failure`, and those behind it are dropped.

    What lies in the bucket then stays there: recovery makes a file of it. `assure_lease` is called before each request
    and raises where nothing may be written any more.
    """

    def __init__(self, name: str, memory: UploadMemory, assure_lease: Callable[[], None] = lambda: None) -> None:
        self._assure_lease = assure_lease
        self.failure: Exception | None = None
        self.is_abandoned = False
        """Another recorder goes on with what lies in the bucket."""
        self._memory = memory
        self._requests: queue.SimpleQueue[tuple[Request, int] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return self._waiting == 0

    @property
    def depth(self) -> int:
        """Requests that wait or are under way."""
        return self._waiting

    def submit(self, request: Request, size_bytes: int = 0) -> None:
        """Hand over a request that holds `size_bytes`."""
        self._memory.take(size_bytes)
        with self._lock:
            self._waiting += 1
        self._requests.put((request, size_bytes))

    def abandon(self) -> None:
        """Drop what waits: another recorder goes on with what lies in the bucket."""
        self.is_abandoned = True

    def close(self) -> None:
        """Take no more requests; the thread ends behind the last one."""
        self._requests.put(None)

    def join(self) -> None:
        """Wait until every request was carried out or dropped."""
        self._thread.join()

    def _run(self) -> None:
        while (item := self._requests.get()) is not None:
            request, size_bytes = item
            try:
                if self.failure is None and not self.is_abandoned:
                    self._assure_lease()
                    request()
            except Exception as error:
                self.failure = error
            finally:
                del request, item  # they hold the bytes
                self._memory.give_back(size_bytes)
                with self._lock:
                    self._waiting -= 1
