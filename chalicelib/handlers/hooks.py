"""Hooks of the origins, in the same function as the API."""

from chalice import Blueprint

blueprint = Blueprint(__name__)


@blueprint.route(
    "/hooks/{dialect}/{event}",
    methods=["POST"],
    content_types=["application/json", "application/x-www-form-urlencoded"],
)
def hook(dialect: str, event: str) -> dict[str, object]:
    """One hook of an origin."""
    return {}
