"""Parameters of the wire: pydantic bases, field types, and the one mapping from a validation error to an API error.

Fields are named as the wire names them. JSON is taken by its types (the text "1" is no integer); the values of a query
are text and are parsed by the type of the field. Models build themselves at first use, to keep the cold start short.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from chalicelib.errors import ApiError, InvalidParameter, InvalidParameterValue, MissingParameter, UnknownParameter


class Params(BaseModel):
    """Base of the parameters of an action and of the structures inside them; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    fields_with_own_code: ClassVar[frozenset[str]] = frozenset()
    """Fields whose wrong values have the code `InvalidParameterValue.{field}` on the wire."""


P = TypeVar("P", bound=Params)


def parse(model: type[P], values: Mapping[str, Any], *, are_text: bool) -> P:
    """`values` as parameters of `model`; `are_text`: they come from a query. Raises the error of the first fault."""
    try:
        return model.model_validate(values, strict=not are_text)
    except ValidationError as error:
        raise _api_error(model, error.errors(include_url=False, include_input=False)[0]) from None


def place_of(model: type[BaseModel] | None, name: str) -> tuple[int, ...]:
    """Where a flattened name (`Mp4Param.Enable`, `FileIds.0`) stands in the order of the contract."""
    place: list[int] = []
    for part in name.split("."):
        if part.isascii() and part.isdigit():
            place.append(int(part[:6]))
            continue
        names = list(model.model_fields) if model else []
        place.append(names.index(part) if part in names else len(names))
        inner = model.model_fields[part].annotation if model and part in names else None
        model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
    return tuple(place)


def refusal(error: type[InvalidParameter], reason: str) -> PydanticCustomError:
    """What a validator raises to refuse a value with a code of its own."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason, "error": error})


def _api_error(model: type[Params], fault: ErrorDetails) -> ApiError:
    path = ".".join(map(str, fault["loc"]))[:200] or "request"  # a client may send a name of any length
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return MissingParameter(f"{path}: this parameter is required.")
        case "extra_forbidden":
            return UnknownParameter(f"{path}: there is no such parameter.")
        case "refused":
            error: type[ApiError] = context["error"]
            return error(f"{path}: {context['reason']}")
        case _:
            field = str(fault["loc"][0]) if fault["loc"] else ""
            suffix = field if field in model.fields_with_own_code else ""
            return InvalidParameterValue(f"{path}: {fault['msg']}.", suffix=suffix)


def at_most_bytes(limit: int) -> AfterValidator:
    """A text of at most `limit` bytes in UTF-8."""

    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise PydanticCustomError("too_many_bytes", "at most {limit} bytes in UTF-8", {"limit": limit})
        return text

    return AfterValidator(check)


def matching(fits: Callable[[str], object], alphabet: str) -> AfterValidator:
    """A text for which `fits` is true; `alphabet` tells the client what would fit."""

    def check(text: str) -> str:
        if not fits(text):
            raise PydanticCustomError("wrong_characters", "{alphabet}", {"alphabet": alphabet})
        return text

    return AfterValidator(check)


MAX_INTEGER = 2**63 - 1
Switch = Annotated[int, Field(ge=0, le=1)]
"""0 or 1."""
Natural = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
UnixSeconds = Annotated[int, Field(ge=0, le=99_999_999_999)]
"""Eleven digits: what a sort key holds."""
ShortText = Annotated[str, at_most_bytes(255)]
LongText = Annotated[str, at_most_bytes(1024)]
