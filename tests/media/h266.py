"""H.266 that no encoder made: parameter sets that say a size and turn every tool off, and pictures of nothing.

There is no H.266 encoder at hand. What recorders, muxers and demuxers read of a stream is true here: its NAL units, its
parameter sets, its configuration record. The pictures' own data is noise, which nobody here decodes.

Source: ITU-T H.266 (04/2022), 7.3.1.2, 7.3.2.4, 7.3.2.5, 7.3.7; ISO/IEC 14496-15:2022, 11.2.4.2.
"""

from tests.media.clips import Clip
from tests.media.flv_surgery import VIDEO, FlvTag, flv, tags_of

WIDTH = HEIGHT = 128
IDR, TRAIL, SPS, PPS = 8, 0, 15, 16
SEQUENCE_END = 2


class _Bits:
    """Bits written one after another."""

    def __init__(self) -> None:
        self.text = ""

    def flags(self, text: str) -> "_Bits":
        """Bits as they stand; spaces are for the reader."""
        self.text += text.replace(" ", "")
        return self

    def number(self, value: int, bits: int) -> "_Bits":
        """u(n)."""
        self.text += f"{value:0{bits}b}"
        return self

    def exp_golomb(self, *values: int) -> "_Bits":
        """ue(v); se(v) of 0 is the same."""
        for value in values:
            digits = f"{value + 1:b}"
            self.text += "0" * (len(digits) - 1) + digits
        return self

    def aligned(self) -> "_Bits":
        """Zero bits to the next byte."""
        self.text += "0" * (-len(self.text) % 8)
        return self

    def unit(self, kind: int) -> bytes:
        """A NAL unit of these bits, the stop bit behind them, emulation prevented."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        content = bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))
        return _unit(kind, content)


def _unit(kind: int, content: bytes) -> bytes:
    written = bytearray()
    for byte in content:
        if byte <= 3 and written[-2:] == b"\x00\x00":
            written.append(3)
        written.append(byte)
    return bytes([0, kind << 3 | 1]) + bytes(written)


def sequence_parameters() -> bytes:
    """4:2:0, 8 bits, Main 10 at level 3.1, every tool off."""
    bits = _Bits().flags("0000 0000 000 01 00 1")  # ids, one layer, 4:2:0, coding tree units of 32, a profile follows
    bits.number(1, 7).flags("0").number(51, 8).flags("1 0 0").aligned().number(0, 8)
    bits.flags("00").exp_golomb(WIDTH, HEIGHT).flags("0 0").exp_golomb(0).flags("0 0 0100 0 00 00")
    bits.exp_golomb(0, 0, 0).exp_golomb(0).flags("0").exp_golomb(0, 0).flags("0").exp_golomb(0, 0)
    bits.flags("0 0 0 0 1").exp_golomb(0, 0, 0, 0).flags("000 00 0 0 1").exp_golomb(0)
    bits.flags("0 0 0 0 0 0 0").exp_golomb(0).flags("0 0 0 0 0").exp_golomb(0).flags("0 0 0 0 00 0")
    bits.flags("0 0 0 0 0 0").flags("0 0 0 0")
    return bits.unit(SPS)


def picture_parameters() -> bytes:
    """One slice a picture."""
    bits = _Bits().flags("000000 0000 0").exp_golomb(WIDTH, HEIGHT).flags("0 0 0 1 0")
    bits.flags("0").exp_golomb(0, 0).flags("0 0 0 0").exp_golomb(0).flags("0 0 0 0 0 0")
    return bits.unit(PPS)


def picture(number: int, noise: bytes, *, is_key: bool) -> bytes:
    """An intra slice with its picture header, its size in front."""
    bits = _Bits().flags("1 1 0 0 0" if is_key else "1 0 0 0").exp_golomb(0).number(number % 256, 8)
    if is_key:
        bits.flags("0")
    else:
        bits.exp_golomb(0, 0)
    content = bits.exp_golomb(0).unit(IDR if is_key else TRAIL) + bytes(byte | 4 for byte in noise)
    return len(content).to_bytes(4, "big") + content


def configuration() -> bytes:
    """A VvcDecoderConfigurationRecord."""
    bits = _Bits().flags("11111 11 1").number(0, 9).number(1, 3).flags("00 01").flags("000 11111")
    bits.flags("00").number(1, 6).number(1, 7).flags("0").number(51, 8).flags("1 0 000000").number(0, 8)
    bits.number(WIDTH, 16).number(HEIGHT, 16).number(0, 16).number(2, 8)
    head = bytes(int(bits.text[at : at + 8], 2) for at in range(0, len(bits.text), 8))
    sets = [(SPS, sequence_parameters()), (PPS, picture_parameters())]
    return head + b"".join(bytes([0x80 | kind, 0, 1]) + len(unit).to_bytes(2, "big") + unit for kind, unit in sets)


def with_h266(clip: Clip) -> Clip:
    """A clip whose pictures are H.266, with the sizes, times and key frames of those it had."""
    numbers = iter(range(1 << 30))

    def changed(tag: FlvTag) -> FlvTag:
        if tag.kind != VIDEO:
            return tag
        if tag.is_header:
            return tag._replace(body=b"\x90vvc1" + configuration())
        kind = 0x91 if tag.is_key_frame else 0xA1
        payload = picture(next(numbers), tag.body[9:], is_key=tag.is_key_frame)
        return tag._replace(body=bytes([kind]) + b"vvc1" + tag.body[2:5] + payload)

    return flv(changed(tag) for tag in tags_of(clip) if tag.kind != VIDEO or tag.body[1] != SEQUENCE_END)
