"""Names of the Live service: what a domain, an app, a stream and a template may be called."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.api.params import at_most_bytes, matching, refusal
from chalicelib.errors import DomainFormatError

_DOMAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")  # SRS calls its default `__defaultVhost__`
_TEMPLATE_NAME = re.compile(r"[0-9A-Za-z_\-\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")


def is_of_domain(asked: str, domain: str) -> bool:
    """Whether a filter lets a domain through: an empty one any; domain names know no case."""
    return asked.lower() in ("", domain.lower())


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise refusal(DomainFormatError, "not a domain name.")
    return text


Domain = Annotated[str, AfterValidator(_domain)]
GivenOrNoDomain = Annotated[str, AfterValidator(lambda text: text and _domain(text))]
PathName = Annotated[str, Field(max_length=255)]
"""An app or stream name, any spelling; empty where a rule means any."""
GivenPathName = Annotated[str, Field(min_length=1, max_length=255)]
TemplateLabel = Annotated[
    str,
    matching(_TEMPLATE_NAME.fullmatch, "Chinese characters, letters, digits, _ and - only, at least one"),
    at_most_bytes(255),
]
