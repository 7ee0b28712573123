"""The AWS clients of the functions: endpoints from the environment, timeouts, retries; built when first used."""

from functools import cache, lru_cache
from typing import Any

from chalicelib.settings import settings
from chalicelib.table import DynamoTable, Table


@cache
def client(service: str) -> Any:
    """A client of `service`, built at its first use (a client costs some 60 ms of a cold start)."""
    import botocore.session  # its import is a fifth of a cold start: not before a request needs it
    from botocore.config import Config

    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "max_attempts": 4},
        s3={"addressing_style": "path"},
    )
    return botocore.session.get_session().create_client(service, region_name=settings().aws_region, config=config)


@lru_cache(maxsize=1)
def table() -> Table:
    """The project's table."""
    return DynamoTable(settings().table_name, lambda: client("dynamodb"))
