"""One hook of an origin, from its request to our answer."""

from chalicelib.ingest.dialects import DIALECTS
from chalicelib.ingest.hook_secret import is_hook_secret
from chalicelib.ingest.hooks import (
    Hook,
    HookAnswer,
    HookMalformed,
    HookUnknown,
    OtherHook,
    PlayHook,
    PublishHook,
    PublishRefused,
    UnpublishHook,
)
from chalicelib.logs import log
from chalicelib.recording import publishing
from chalicelib.settings import settings
from chalicelib.table import Table

SECRET_WRONG = HookAnswer(status=403, body={"code": 403})
MALFORMED = HookAnswer(status=400, body={"code": 400})
UNKNOWN = HookAnswer(status=404, body={"code": 404})


def receive(table: Table, dialect_name: str, event: str, *, secret: str, body: bytes, now: float) -> HookAnswer:
    """Carry a hook out and answer it; one without the secret learns nothing."""
    facts = {"dialect": dialect_name, "hook": event}
    if not is_hook_secret(secret, now=now):
        log("hook_refused", **facts, reason="the secret is wrong")
        return SECRET_WRONG
    dialect = DIALECTS.get(dialect_name)
    if dialect is None:
        return UNKNOWN
    stream = ""
    try:
        hook = dialect.parse(event, body, default_domain=settings().default_push_domain)
        stream = str(hook.stream) if isinstance(hook, PublishHook) else ""
        _carry_out(table, hook, now=now)
    except HookUnknown:
        return UNKNOWN
    except HookMalformed as fault:
        log("hook_refused", **facts, reason=str(fault))
        return MALFORMED
    except PublishRefused as refusal:
        log("publish_refused", **facts, stream=stream, reason=str(refusal))
        return dialect.REFUSED
    return dialect.ACCEPTED


def _carry_out(table: Table, hook: Hook, *, now: float) -> None:
    match hook:
        case PublishHook():
            publishing.publish(table, hook, now=now)
        case UnpublishHook():
            publishing.unpublish(table, hook, now=now)
        case PlayHook():
            publishing.subscribe(table, hook, now=now)
        case OtherHook():
            pass
