"""The dialects of origins by their names: how each tells of a publish, and how it is told to end one."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.ingest import nginx_rtmp, srs
from chalicelib.ingest.hooks import ControlRequest, Hook, HookAnswer, Publisher


class Dialect(Protocol):
    """What a dialect's module offers."""

    NAME: str
    ACCEPTED: HookAnswer
    REFUSED: HookAnswer

    def parse(self, event: str, body: bytes, *, default_domain: str) -> Hook: ...

    def drop_request(self, publisher: Publisher) -> ControlRequest: ...

    def check_dropped(self, status: int, body: bytes) -> None: ...

    def presence_request(self, publisher: Publisher) -> ControlRequest | None: ...

    def is_present(self, status: int, body: bytes) -> bool: ...


DIALECTS: Mapping[str, Dialect] = {srs.NAME: srs, nginx_rtmp.NAME: nginx_rtmp}
