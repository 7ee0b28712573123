"""A request that is under way for as long as a test wishes: its sender has frozen with it on its lips."""

import threading
from collections.abc import Callable

from tests.fakes.s3 import FakeS3, RequestSeen


class Frozen:
    """The first request that `is_meant`; set it as a bucket's `hold`."""

    def __init__(self, s3: FakeS3, is_meant: Callable[[RequestSeen], bool]) -> None:
        self._is_meant = is_meant
        self._reached, self._woken = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._before = s3.hold
        s3.hold = self

    def __call__(self, request: RequestSeen) -> None:
        with self._lock:
            is_first = self._is_meant(request) and not self._reached.is_set()
            if is_first:
                self._reached.set()
        if is_first:
            self._woken.wait(60)
        else:
            self._before(request)

    def wait(self, seconds: float = 30.0) -> None:
        """Wait until its sender has come there; raises TimeoutError."""
        if not self._reached.wait(seconds):
            raise TimeoutError("nobody sent such a request")

    def wake(self) -> None:
        """The request goes on."""
        self._woken.set()


def names_playlist(request: RequestSeen) -> bool:
    """Whether the request writes a playlist."""
    return request.method == "PUT" and request.key.endswith("/playlist.m3u8")
