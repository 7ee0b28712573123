"""One customer on the stack: an app recorded by a rule of its own, a callback receiver, encoders."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.local.demo.check import check_file
from infra.local.demo.clip import make_clip
from infra.local.demo.customer import TOLD_OF, Arrangement, Customer, arranged
from infra.local.demo.publisher import Publisher, push_url
from infra.local.demo.receiver import Answer, Receiver
from infra.local.running import StackFacts

ANNOUNCED_SECONDS = 20.0
"""How long a callback is awaited: far above what it takes, for a machine under load."""
KEY = "e2e-callback-key"
HURRIED = 4.0
"""Most tests do not look at the clock: their encoders send faster than the timestamps say."""

clip_of = cache(make_clip)
"""A clip by its length in seconds (and tracks), made once a run."""


def customer_of(stack: StackFacts, *, method: str = "POST") -> Customer:
    """A client of the stack's API with its own key."""
    return Customer(
        api=stack.api, secret_id=stack.secret_id, secret_key=stack.secret_key, region=stack.region, method=method
    )


@dataclass(frozen=True)
class Scene:
    """What a test acts with."""

    stack: StackFacts
    customer: Customer
    receiver: Receiver
    arrangement: Arrangement

    @property
    def app(self) -> str:
        """The app name all of the scene's streams are published under."""
        return self.arrangement.app

    def address(self, stream: str) -> dict[str, str]:
        """A stream's address as the live service names it."""
        return {"DomainName": self.arrangement.domain, "AppName": self.app, "StreamName": stream}

    def publisher(self, clip: bytes, *, stream: str = "room", query: str = "", speed: float = 1.0) -> Publisher:
        """An encoder, yet to be started; `query` (`&key=value`) is added to the push URL."""
        return Publisher(push_url(self.stack, self.app, stream) + query, clip, speed=speed)

    def files(self, count: int, **fields: Any) -> Sequence[dict[str, Any]]:
        """The file-ready events with these fields, once `count` of them came."""
        return self.receiver.wait_for(count, timeout_seconds=ANNOUNCED_SECONDS, event_type=100, **fields)

    def publish(self, clip: bytes, *, stream: str = "room", query: str = "", speed: float = HURRIED) -> Publisher:
        """Publish the clip from beginning to end."""
        with self.publisher(clip, stream=stream, query=query, speed=speed) as publisher:
            publisher.wait()
        return publisher


def check(event: Mapping[str, Any], publisher: Publisher) -> None:
    """The announced file holds what was published, packet by packet (MP3: by ear)."""
    check_file(event["video_url"], event["file_format"], publisher.sent)


@contextmanager
def recorded(
    stack: StackFacts,
    *formats: str,
    answer: Answer = lambda event: 200,
    interval_seconds: int = 1800,
    file_name: str = "",
    told_of: Sequence[str] = TOLD_OF,
    **template: Any,
) -> Iterator[Scene]:
    """A scene whose streams are recorded in `formats`; `answer` decides the receiver's HTTP status."""
    customer, app = customer_of(stack), f"e2e-{secrets.token_hex(4)}"
    with (
        Receiver(KEY, answer) as receiver,
        arranged(
            customer,
            domain=stack.push_domain,
            app=app,
            callback_url=receiver.url,
            callback_key=KEY,
            formats={name: {"RecordInterval": interval_seconds, "VodFileName": file_name} for name in formats},
            told_of=told_of,
            **template,
        ) as arrangement,
    ):
        yield Scene(stack, customer, receiver, arrangement)
        assert [each for each in receiver.received if each.complaint] == []
