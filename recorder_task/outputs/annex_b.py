"""Pictures as MPEG-TS has them: units behind start codes, a delimiter first, sets before key frames. Pure.

FLV and MP4 put each unit's length in front of it and the parameter sets beside the stream. Most pictures need no more
than other bytes in place of the lengths, which compiled code does; these are the others. Source: ITU-T H.264 and H.265,
annex B and 7.4 (kinds and order of units); ISO/IEC 14496-15, 5.3.3 and 8.3.3 (lengths); ISO/IEC 13818-1, 2.14.1 (each
access unit has a delimiter).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

START_CODE, SHORT_START_CODE = b"\x00\x00\x00\x01", b"\x00\x00\x01"
LENGTH_BYTES = 4
LENGTH_SIZE_MASK = 3


@dataclass(frozen=True, kw_only=True)
class UnitForm:
    """How the units of one codec say what they are, in their first byte."""

    kind_shift: int
    kind_mask: int
    delimiter_kind: int
    set_kinds: frozenset[int]
    random_access_kinds: frozenset[int]
    delimiter: bytes
    """In front of any kind of slice."""
    key_frame_unit: bytes
    """The header of one."""
    length_size_at: int
    """Of the codec's configuration record: the byte that says how long a length is."""
    later_start_bytes: int
    """Of a start code inside a picture: both codecs may have three, FFmpeg writes this."""

    def kind(self, unit: bytes | memoryview) -> int:
        """A unit's kind."""
        return unit[0] >> self.kind_shift & self.kind_mask

    def has_usual_lengths(self, extradata: bytes) -> bool:
        """The units of a stream of this configuration stand behind lengths of four bytes."""
        if len(extradata) <= self.length_size_at or extradata.startswith((START_CODE, SHORT_START_CODE)):
            return False
        return (extradata[self.length_size_at] & LENGTH_SIZE_MASK) + 1 == LENGTH_BYTES

    @cached_property
    def is_notable(self) -> bytes:
        """By a unit's first byte, whether a picture that has such a unit is to be rewritten here."""
        kinds = self.set_kinds | self.random_access_kinds | {self.delimiter_kind}
        return bytes(self.kind(bytes([first])) in kinds for first in range(256))

    @property
    def front(self) -> bytes:
        """What stands before the first unit of a picture that needs no rewriting."""
        return START_CODE + self.delimiter + START_CODE


FORMS: Mapping[str, UnitForm] = {
    "h264": UnitForm(
        kind_shift=0,
        kind_mask=0x1F,
        delimiter_kind=9,
        set_kinds=frozenset({7, 8}),
        random_access_kinds=frozenset({5}),
        delimiter=b"\x09\xf0",
        key_frame_unit=b"\x65",
        length_size_at=4,
        later_start_bytes=3,
    ),
    "hevc": UnitForm(
        kind_shift=1,
        kind_mask=0x3F,
        delimiter_kind=35,
        set_kinds=frozenset({32, 33, 34}),
        random_access_kinds=frozenset(range(16, 24)),
        delimiter=b"\x46\x01\x50",
        key_frame_unit=b"\x26\x01",
        length_size_at=21,
        later_start_bytes=4,
    ),
}
"""By FFmpeg's name of the codec."""


class AnnexB:
    """The pictures of one track; `sets` are the units that its header wants in front of every key frame."""

    def __init__(self, form: UnitForm, sets: Sequence[bytes]) -> None:
        self._form = form
        self._header_sets = list(sets)
        self._sent_sets: dict[int, list[bytes]] = {}
        """By kind, the newest that came in the stream itself."""
        self._sets = self._header_sets

    def rewritten(self, payload: bytes | memoryview, is_key_frame: bool) -> bytes:
        """A picture in the form of MPEG-TS; raises ValueError where its units cannot be told apart."""
        form, units = self._form, _units(payload)
        delimiter: bytes | memoryview = form.delimiter
        if units and form.kind(units[0]) == form.delimiter_kind:
            delimiter = units.pop(0)
        kinds = [form.kind(unit) for unit in units]
        sent = form.set_kinds.intersection(kinds)
        if sent:
            self._note(units, kinds, sent)
        if is_key_frame or not form.random_access_kinds.isdisjoint(kinds):
            # Those that came with the picture are among them, and a set has to stand before what refers to it.
            units = [*self._sets, *(unit for unit, kind in zip(units, kinds, strict=True) if kind not in sent)]
        return self._joined([delimiter, *units])

    def _joined(self, units: Sequence[bytes | memoryview]) -> bytes:
        """A start code has to be a long one before the first unit and before sets (B.1.2)."""
        form, pieces = self._form, list[bytes | memoryview]()
        later = START_CODE[-form.later_start_bytes :]
        for number, unit in enumerate(units):
            is_long = number < 2 or form.kind(unit) in form.set_kinds
            pieces += (START_CODE if is_long else later, unit)
        return b"".join(pieces)

    def _note(self, units: Sequence[bytes | memoryview], kinds: Sequence[int], sent: frozenset[int]) -> None:
        """Remember the sets that came with a picture: each later key frame needs them too."""
        for kind in sent:
            came = [bytes(unit) for unit, its_kind in zip(units, kinds, strict=True) if its_kind == kind]
            self._sent_sets[kind] = [unit for unit in came if unit not in self._header_sets]
        sets = [*self._header_sets, *(unit for each in self._sent_sets.values() for unit in each)]
        # Of two with one id a decoder believes the later one.
        self._sets = sorted(sets, key=self._place)

    def _place(self, unit: bytes) -> tuple[bool, int]:
        kind = self._form.kind(unit)
        return kind not in self._form.set_kinds, kind


def sized(unit: bytes) -> bytes:
    """A unit behind its length."""
    return len(unit).to_bytes(LENGTH_BYTES, "big") + unit


def started_units(content: bytes) -> list[bytes]:
    """The units behind start codes, without the zeros that may stand between them."""
    return [unit.rstrip(b"\x00") for unit in content.split(SHORT_START_CODE) if unit.strip(b"\x00")]


def _units(payload: bytes | memoryview) -> list[bytes | memoryview]:
    if payload[:LENGTH_BYTES] == START_CODE:  # where an encoder has sent start codes instead of lengths, they stay
        return list[bytes | memoryview](started_units(bytes(payload)))
    return _sized_units(memoryview(payload))


def _sized_units(payload: memoryview) -> list[bytes | memoryview]:
    """The units behind lengths, empty ones left out; raises ValueError where a length goes beyond the end."""
    units: list[bytes | memoryview] = []
    at, end = 0, len(payload)
    while at < end:
        begin = at + LENGTH_BYTES
        size = int.from_bytes(payload[at:begin], "big")
        at = begin + size
        if size:
            if at > end:
                raise ValueError(f"a NAL unit goes {at - end} bytes beyond its picture")
            units.append(payload[begin:at])
    return units
