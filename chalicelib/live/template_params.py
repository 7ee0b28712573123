"""The fields of a recording template and their limits (wire.md, section 1)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.api.params import LongText, Natural, Params, ShortText, Switch, matching, refusal
from chalicelib.errors import InvalidVodFileName
from chalicelib.live.names import TemplateLabel
from chalicelib.recording.naming import unknown_placeholders

FIFTEEN_HUNDRED_DAYS = 1500 * 86_400
TWO_HOURS, TWELVE_HOURS = 2 * 3600, 12 * 3600


def _known_placeholders(pattern: str) -> str:
    if unknown := unknown_placeholders(pattern):
        raise refusal(InvalidVodFileName, f"nothing fills the placeholder {{{unknown[0]}}}.")
    return pattern


FileNamePattern = Annotated[str, Field(max_length=255), AfterValidator(_known_placeholders)]
StorageChoice = Annotated[str, matching(("normal", "cold").__contains__, "one of: normal, cold")]
BucketPath = Annotated[LongText, matching(lambda path: path == "" or path[0] == "/", "must start with /")]
FileInterval = Annotated[int, Field(ge=30, le=TWELVE_HOURS)]
AudioInterval = Annotated[int, Field(ge=30, le=TWO_HOURS)]
AnyInterval = Annotated[int, Field(ge=0, le=2**31 - 1)]


class RecordParam(Params):
    """One format of a template, in seconds; as it stands that of HLS, where the interval has no effect."""

    RecordInterval: AnyInterval = 1800
    StorageTime: Annotated[int, Field(ge=0, le=FIFTEEN_HUNDRED_DAYS)] = 0
    Enable: Switch = 0
    VodSubAppId: Natural = 0
    VodFileName: FileNamePattern = ""
    Procedure: ShortText = ""
    StorageMode: StorageChoice = "normal"
    ClassId: Natural = 0
    CosBucketName: ShortText = ""
    CosBucketRegion: ShortText = ""
    CosBucketPath: BucketPath = ""


class FileFormat(RecordParam):
    """FLV and MP4."""

    RecordInterval: FileInterval = 1800


class AudioFormat(RecordParam):
    """AAC and MP3."""

    RecordInterval: AudioInterval = 1800


class HlsSpecial(Params):
    """How long HLS waits for the stream to return."""

    FlowContinueDuration: Annotated[int, Field(ge=0, le=1800)] = 0


class FlvSpecial(Params):
    """Stored and given back: every file is uploaded while it is recorded."""

    UploadInRecording: bool = False


class CreateLiveRecordTemplate(Params):
    """Parameters of the action."""

    TemplateName: TemplateLabel
    Description: LongText = ""
    FlvParam: FileFormat = Field(default_factory=FileFormat)
    HlsParam: RecordParam = Field(default_factory=RecordParam)
    Mp4Param: FileFormat = Field(default_factory=FileFormat)
    AacParam: AudioFormat = Field(default_factory=AudioFormat)
    IsDelayLive: Switch = 0
    HlsSpecialParam: HlsSpecial = Field(default_factory=HlsSpecial)
    Mp3Param: AudioFormat = Field(default_factory=AudioFormat)
    CosStore: Switch = 0
    RemoveWatermark: bool = False
    FlvSpecialParam: FlvSpecial = Field(default_factory=FlvSpecial)


class ModifyLiveRecordTemplate(Params):
    """Parameters of the action; a field left out keeps what the template has."""

    TemplateId: Natural
    TemplateName: TemplateLabel = ""
    Description: LongText = ""
    FlvParam: FileFormat = Field(default_factory=FileFormat)
    HlsParam: RecordParam = Field(default_factory=RecordParam)
    Mp4Param: FileFormat = Field(default_factory=FileFormat)
    AacParam: AudioFormat = Field(default_factory=AudioFormat)
    HlsSpecialParam: HlsSpecial = Field(default_factory=HlsSpecial)
    Mp3Param: AudioFormat = Field(default_factory=AudioFormat)
    RemoveWatermark: bool = False
    FlvSpecialParam: FlvSpecial = Field(default_factory=FlvSpecial)
