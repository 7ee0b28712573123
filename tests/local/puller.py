"""A player of an origin's stream that keeps the print of every packet it got."""

import threading

import av

from infra.local.demo.packets import PacketPrint, print_of


class Puller(threading.Thread):
    """Pulls a stream to its end, whichever way that comes."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.received: list[PacketPrint] = []
        self._progress = threading.Condition()
        self.start()

    def run(self) -> None:
        try:
            with av.open(self.url, timeout=(10, 10), options={"analyzeduration": "0"}) as stream:
                for packet in stream.demux():
                    if packet.size:
                        self._note(print_of(packet))
        except av.error.FFmpegError:
            return

    def wait_for(self, packets: int, seconds: float = 15.0) -> None:
        """Wait until so many packets have come; fails the test where they do not."""
        with self._progress:
            assert self._progress.wait_for(lambda: len(self.received) >= packets, seconds), "too little was pulled"

    def finish(self) -> list[PacketPrint]:
        """All that came, once the pull has ended."""
        self.join(15)
        assert not self.is_alive(), "the pull did not end"
        return self.received

    def _note(self, received: PacketPrint) -> None:
        with self._progress:
            self.received.append(received)
            self._progress.notify_all()
