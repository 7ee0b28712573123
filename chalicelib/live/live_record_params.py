"""The fields of a task of the older family and their limits (wire.md, section 4)."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

from pydantic import BeforeValidator

from chalicelib.api.moments import BeijingText, beijing_moment
from chalicelib.api.params import Natural, Params, Switch, at_most_bytes, matching
from chalicelib.errors import InvalidParameterValue, MissingParameter
from chalicelib.live.names import GivenOrNoDomain, GivenPathName, PathName
from chalicelib.live.template_params import FIFTEEN_HUNDRED_DAYS
from chalicelib.recording.orders import FormatOrder, RecordFormat

HIGHLIGHT_SECONDS = 1800
RANGES: Mapping[str, range] = {
    "record_interval": range(1800, 7200 + 1),
    "storage_time": range(FIFTEEN_HUNDRED_DAYS + 1),
}
"""What StreamParam may hold, in seconds."""
USUAL_INTERVAL_SECONDS = 1800


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class CreateLiveRecord(Params):
    """Parameters of the action."""

    StreamName: GivenPathName
    AppName: PathName = ""
    """Empty: live."""
    DomainName: GivenOrNoDomain = ""
    """Empty: the push domain of publishes that name none."""
    StartTime: BeijingText = ""
    EndTime: BeijingText = ""
    RecordType: Annotated[
        str, BeforeValidator(_lower), matching(("", "video", "audio").__contains__, "one of: video, audio")
    ] = "video"
    FileFormat: Annotated[
        str,
        BeforeValidator(_lower),
        matching(("", *RecordFormat).__contains__, f"one of: {', '.join(RecordFormat)}"),
    ] = "flv"
    Highlight: Switch = 0
    """1: from now on, for half an hour at most."""
    MixStream: Switch = 0
    """1: only what a mixer publishes under the name."""
    StreamParam: Annotated[str, at_most_bytes(1024)] = ""


class OneLiveRecord(Params):
    """Parameters that name a task."""

    StreamName: GivenPathName
    TaskId: Natural


def window_of(params: CreateLiveRecord, now: float) -> tuple[int, int]:
    """First second and end of the task, unix s; raises MissingParameter."""
    if params.Highlight:
        latest = int(now) + HIGHLIGHT_SECONDS
        asked = int(beijing_moment(params.EndTime)) if params.EndTime else latest
        return int(now), asked if now < asked <= latest else latest
    for name in ("StartTime", "EndTime"):
        if not getattr(params, name):
            raise MissingParameter(f"{name}: this parameter is required where Highlight is 0.")
    return int(beijing_moment(params.StartTime)), int(beijing_moment(params.EndTime))


def order_of_format(params: CreateLiveRecord) -> tuple[RecordFormat, FormatOrder]:
    """The one format that the task writes; raises InvalidParameterValue."""
    name, given = RecordFormat(params.FileFormat or "flv"), _seconds(params.StreamParam)
    interval_seconds = given.get("record_interval", USUAL_INTERVAL_SECONDS)
    return name, FormatOrder(
        interval_seconds=0 if name is RecordFormat.HLS else interval_seconds,
        storage_seconds=given.get("storage_time", 0),
    )


def _seconds(stream_param: str) -> Mapping[str, int]:
    """What StreamParam, escaped as in a URL or not, says of files."""
    text = stream_param if "=" in stream_param else unquote(stream_param)
    given: dict[str, int] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        is_number = value.isascii() and value.isdigit() and len(value) < 12
        if name not in RANGES or name in given or not is_number:
            raise InvalidParameterValue(f"StreamParam: takes {' and '.join(RANGES)}, in seconds, each once.")
        if int(value) not in RANGES[name]:
            span = f"{RANGES[name].start} to {RANGES[name].stop - 1}"
            raise InvalidParameterValue(f"StreamParam: {name} is {span} seconds.")
        given[name] = int(value)
    if text and not given:
        raise InvalidParameterValue("StreamParam: such as record_interval=3600&storage_time=2592000.")
    return given
