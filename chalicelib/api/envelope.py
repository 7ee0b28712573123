"""The envelope of the wire: what an HTTP request asks for, and the form of an answer.

The front hands on the host and the raw query as the client sent them, in two headers. Without them the received host
stands, and the query is put together again from its parsed parameters: as received, in the contract's order, sorted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from chalicelib.api import older_signature
from chalicelib.api.fields import MOST_FIELDS, fields_of_json, fields_of_multipart, fields_of_query
from chalicelib.api.params import Params, place_of
from chalicelib.errors import ApiError, RequestSizeLimitExceeded, ResponseSizeLimitExceeded, UnsupportedProtocol

HOST_HEADER, QUERY_HEADER = "x-tapedeck-host", "x-tapedeck-query"
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
ANSWER_MAX_BYTES = 5_500_000
"""A function may return 6 MB, its own envelope included."""


class HttpRequest(Protocol):
    """What Chalice gives a view of its request."""

    method: str
    headers: Any
    query_params: Any

    @property
    def raw_body(self) -> bytes | str: ...


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A request before anything of it is believed."""

    method: str
    headers: Mapping[str, str]
    """By name in lower case; `host` is the one that the client called."""
    query: str | None
    """The raw query, where the front hands it on."""
    parameters: Sequence[tuple[str, str]]
    """Of the query, as they were received."""
    body: bytes

    @classmethod
    def of(cls, http: HttpRequest) -> "ApiRequest":
        """The request that Chalice received."""
        headers = {name.lower(): value for name, value in http.headers.items()}
        if HOST_HEADER in headers:
            headers["host"] = headers[HOST_HEADER]
        query, body = headers.get(QUERY_HEADER), http.raw_body
        received = [(name, value) for name in http.query_params or () for value in http.query_params.getlist(name)]
        return cls(
            method=http.method,
            headers=headers,
            query=query,
            parameters=received if query is None else _parameters(query),
            body=body.encode() if isinstance(body, str) else body,
        )

    @property
    def content_type(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_signed_the_older_way(self) -> bool:
        """Whether its signature is one of its parameters."""
        has_signature = any(name == older_signature.SIGNATURE for name, _ in self.signed_parameters)
        return has_signature and "authorization" not in self.headers

    @cached_property
    def signed_parameters(self) -> Sequence[tuple[str, str]]:
        """What an older signature covers: the form of a POST, else the query."""
        if self.method == "GET":
            return self.parameters
        return _parameters(self._form) if self.content_type == FORM else []

    @property
    def action(self) -> str:
        """The action asked for, or nothing."""
        return self._common("x-tc-action", "Action")

    @property
    def version(self) -> str:
        """The version of the service asked for, or nothing."""
        return self._common("x-tc-version", "Version")

    def check_protocol(self, max_bytes: int) -> None:
        """Refuse what the wire does not have, whoever asks; raises a BadRequest."""
        if len(self.body) > max_bytes:
            raise RequestSizeLimitExceeded(f"The body is larger than {max_bytes} bytes.")
        if self.method not in ("GET", "POST"):
            raise UnsupportedProtocol(f"The method {self.method} is not supported: use GET or POST.")
        if self.method == "POST" and self.content_type not in (JSON, FORM, MULTIPART):
            raise UnsupportedProtocol(f"Content-Type: use {JSON}.")

    def queries(self, params: type[Params] | None) -> list[str]:
        """The raw query, or the forms it may have had; `params` are those of the action, where it is known."""
        if self.query is not None:
            return [self.query]
        of_contract = sorted(self.parameters, key=lambda pair: place_of(params, pair[0]))
        orders = (self.parameters, of_contract, sorted(self.parameters))
        spellings = (quote_plus, quote)  # a space is `+` to some clients, `%20` to others
        return list(dict.fromkeys(urlencode(order, quote_via=spell) for spell in spellings for order in orders))

    def fields(self, query: str) -> tuple[Mapping[str, Any], bool]:
        """The action's fields, and whether their values are text; `query` is the one that was signed."""
        if self.method == "GET":
            return fields_of_query(query), True
        if self.content_type == FORM:
            return fields_of_query(self._form), True
        if self.content_type == MULTIPART:
            return fields_of_multipart(self.body, self.headers["content-type"]), True
        return fields_of_json(self.body), False

    def _common(self, header: str, parameter: str) -> str:
        if self.is_signed_the_older_way:
            return dict(self.signed_parameters).get(parameter, "")
        if header in self.headers:
            return self.headers[header]
        return dict([*self.signed_parameters, *self.parameters]).get(parameter, "")

    @property
    def _form(self) -> str:
        return self.body.decode("latin-1")  # a form is ASCII; this reads whatever else may have been sent


def _parameters(text: str) -> list[tuple[str, str]]:
    """Names and values in their order; none where there are more than a request may have: nothing is believed yet."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return []


def success(answer: Mapping[str, Any], request_id: str) -> str:
    """The body of an answer; raises ResponseSizeLimitExceeded."""
    body = json.dumps({"Response": {**answer, "RequestId": request_id}})
    if len(body) > ANSWER_MAX_BYTES:
        raise ResponseSizeLimitExceeded
    return body


def failure(error: ApiError, request_id: str) -> str:
    """The body that tells of an error."""
    fault = {"Code": error.code, "Message": error.message}
    return json.dumps({"Response": {"Error": fault, "RequestId": request_id}})
