"""The API function: `/`, both services, GET and POST."""

from chalice import Blueprint

blueprint = Blueprint(__name__)


@blueprint.route("/", methods=["GET", "POST"], content_types=["application/json", "application/x-www-form-urlencoded"])
def api() -> dict[str, object]:
    """One request of the wire."""
    return {}
