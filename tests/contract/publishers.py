"""Publishers for the tests of the API: their hooks, straight to the table behind it."""

from chalicelib import aws
from chalicelib.ingest.hooks import PublishHook, UnpublishHook
from chalicelib.recording import publishing
from chalicelib.recording.stream import StreamRef

DOMAIN = "push.example.com"


def address(stream: str = "room", domain: str = DOMAIN) -> dict[str, str]:
    """A stream as the wire names it."""
    return {"DomainName": domain, "AppName": "live", "StreamName": stream}


def publish(
    now: float, stream: str = "room", *, domain: str = DOMAIN, client: str = "c1", dialect: str = "srs", param: str = ""
) -> None:
    """The hook of a publish; raises NotAdmitted."""
    hook = PublishHook(
        stream=StreamRef(domain=domain, app="live", stream=stream),
        client_id=client,
        client_ip="203.0.113.7",
        param=param,
        dialect=dialect,
    )
    publishing.publish(aws.table(), hook, now=now)


def unpublish(now: float, stream: str = "room", *, domain: str = DOMAIN, client: str = "c1") -> None:
    """The hook of its end."""
    hook = UnpublishHook(stream=StreamRef(domain=domain, app="live", stream=stream), client_id=client)
    publishing.unpublish(aws.table(), hook, now=now)
