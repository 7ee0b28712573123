"""`ScrollToken`: the place in a listing by time where a page ended. Encode beside decode. Pure."""

import base64
import binascii
import re

from chalicelib.errors import InvalidParameterValue

_PLACE = re.compile(r"\d{11}\.\d{3}#[0-9A-Za-z-]{1,128}")


def token_of(place: str) -> str:
    """The token of a sort key of `keys.by_time`."""
    return base64.urlsafe_b64encode(place.encode()).decode()


def first_place(token: str, start: str) -> str:
    """Where a page begins: behind the token's place, never before `start`; raises InvalidParameterValue."""
    return max(start, _place_after(token)) if token else start


def _place_after(token: str) -> str:
    try:
        place = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        place = ""
    if not _PLACE.fullmatch(place):
        raise InvalidParameterValue("ScrollToken: not one of this list's tokens.")
    return f"{place}!"
