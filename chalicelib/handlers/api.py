"""The API function: `/`, both services, every method, so that each is told of its mistake in the wire's own form."""

import time
from functools import lru_cache, partial

from chalice import Blueprint, Response

from chalicelib import aws
from chalicelib.api.credentials import KeyRing
from chalicelib.api.dispatch import Api, Service
from chalicelib.api.envelope import ApiRequest
from chalicelib.api.rate_limits import RateLimits
from chalicelib.live import (
    callback_records,
    callback_redrive,
    callback_templates,
    callbacks,
    concurrent_recordings,
    domains,
    explain,
    live_records,
    push_keys,
    rules,
    stream_control,
    stream_history,
    streams,
    tasks,
    templates,
)
from chalicelib.settings import settings
from chalicelib.vod import description, search

blueprint = Blueprint(__name__)

LIVE = Service(
    name="live",
    version="2018-08-01",
    actions={
        **templates.ACTIONS,
        **rules.ACTIONS,
        **tasks.ACTIONS,
        **live_records.ACTIONS,
        **callback_templates.ACTIONS,
        **callbacks.ACTIONS,
        **callback_records.ACTIONS,
        **callback_redrive.ACTIONS,
        **domains.ACTIONS,
        **push_keys.ACTIONS,
        **streams.ACTIONS,
        **stream_control.ACTIONS,
        **stream_history.ACTIONS,
        **concurrent_recordings.ACTIONS,
        **explain.ACTIONS,
    },
)
VOD = Service(name="vod", version="2018-07-17", actions={**search.ACTIONS, **description.ACTIONS})


@blueprint.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], content_types=["*/*"])
def api() -> Response:
    """One request of the wire."""
    body = services().respond(ApiRequest.of(blueprint.current_request), now=time.time())
    return Response(body=body, headers={"Content-Type": "application/json"})


@lru_cache(maxsize=1)
def services() -> Api:
    """The API on this function's table, keys and limits."""
    of = settings()
    ssm = partial(aws.client, "ssm")
    return Api(
        services=(LIVE, VOD),
        keys=KeyRing(aws.table, ssm, prefix=of.parameter_prefix, remember_seconds=of.key_cache_seconds),
        limits=RateLimits(aws.table, of.requests_per_second, few_per_second=of.task_requests_per_second),
        table=aws.table,
    )
