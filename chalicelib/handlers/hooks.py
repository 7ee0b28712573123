"""Hooks of the origins, in the same function as the API."""

import time
from typing import cast

from chalice import Blueprint, Response

from chalicelib import aws
from chalicelib.ingest.reception import receive

blueprint = Blueprint(__name__)


@blueprint.route(
    "/hooks/{dialect}/{event}",
    methods=["POST"],
    content_types=["application/json", "application/x-www-form-urlencoded"],
)
def hook(dialect: str, event: str) -> Response:
    """One hook of an origin."""
    request = blueprint.current_request
    secret = request.query_params.get("secret", "") if request.query_params else ""
    body = cast(bytes, request.raw_body)  # declared as str | bytes, it is never a str
    answer = receive(aws.table(), dialect, event, secret=secret, body=body, now=time.time())
    return Response(body=dict(answer.body), status_code=answer.status)
