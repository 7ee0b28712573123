"""Pictures with start codes: delimiters, parameter sets, and what damaged ones become."""

import random

import pytest

from recorder_task.outputs.annex_b import FORMS, START_CODE, AnnexB

SPS, PPS, NEW_PPS = b"\x67sps", b"\x68pps", b"\x68new"
IDR, SLICE, SEI, DELIMITER = b"\x65idr", b"\x41slice", b"\x06sei", b"\x09\x10"
OWN_DELIMITER = b"\x09\xf0"


def pictures(codec: str = "h264") -> AnnexB:
    """Of a track whose header has both sets."""
    return AnnexB(FORMS[codec], [SPS, PPS])


def sized(*units: bytes) -> bytes:
    """Units behind their lengths."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def started(*units: bytes) -> bytes:
    """Units of H.264 behind start codes: long ones where they have to be."""
    is_long = [number < 2 or unit[0] & 0x1F in (7, 8) for number, unit in enumerate(units)]
    return b"".join(START_CODE[not each :] + unit for unit, each in zip(units, is_long, strict=True))


def rewritten(each: AnnexB, payload: bytes, *, is_key_frame: bool = False) -> bytes:
    """A picture in the form of MPEG-TS, of a payload in the midst of others."""
    return each.rewritten(memoryview(b"." + payload + b".")[1:-1], is_key_frame)


@pytest.mark.parametrize("units", [[SLICE], [SEI, SLICE], [SLICE, SLICE, SLICE]])
def test_lengths_become_start_codes_behind_a_delimiter(units: list[bytes]) -> None:
    assert rewritten(pictures(), sized(*units)) == started(OWN_DELIMITER, *units)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([IDR], [OWN_DELIMITER, SPS, PPS, IDR]),
        ([SEI, IDR, IDR], [OWN_DELIMITER, SPS, PPS, SEI, IDR, IDR]),
        ([DELIMITER, IDR], [DELIMITER, SPS, PPS, IDR]),
        ([SPS, PPS, IDR], [OWN_DELIMITER, SPS, PPS, IDR]),
        ([DELIMITER, SPS, IDR], [DELIMITER, SPS, PPS, IDR]),
        ([SEI, SLICE], [OWN_DELIMITER, SPS, PPS, SEI, SLICE]),
    ],
    ids=["bare", "several slices", "its own delimiter", "its own sets", "one of its sets", "no IDR"],
)
def test_a_key_frame_has_its_sets_in_front_once(units: list[bytes], expected: list[bytes]) -> None:
    assert rewritten(pictures(), sized(*units), is_key_frame=True) == started(*expected)


def test_a_picture_that_is_no_key_frame_keeps_what_it_has() -> None:
    assert rewritten(pictures(), sized(DELIMITER, SLICE)) == started(DELIMITER, SLICE)
    assert rewritten(pictures(), sized(SEI, NEW_PPS, SLICE)) == started(OWN_DELIMITER, SEI, NEW_PPS, SLICE)


def test_an_idr_picture_has_its_sets_whatever_the_source_says_of_it() -> None:
    assert rewritten(pictures(), sized(IDR)) == started(OWN_DELIMITER, SPS, PPS, IDR)


def test_a_set_that_came_in_the_stream_is_in_front_of_later_key_frames() -> None:
    each = pictures()
    rewritten(each, sized(NEW_PPS, SLICE))
    assert rewritten(each, sized(IDR), is_key_frame=True) == started(OWN_DELIMITER, SPS, PPS, NEW_PPS, IDR)
    rewritten(each, sized(PPS, SLICE))
    assert rewritten(each, sized(IDR), is_key_frame=True) == started(OWN_DELIMITER, SPS, PPS, IDR)


def test_start_codes_stay() -> None:
    each = pictures()
    assert rewritten(each, START_CODE + SLICE + START_CODE + SLICE) == started(OWN_DELIMITER, SLICE, SLICE)
    assert rewritten(each, START_CODE + IDR, is_key_frame=True) == started(OWN_DELIMITER, SPS, PPS, IDR)
    mixed = START_CODE + DELIMITER + b"\x00\x00\x01" + SEI + b"\x00\x00\x00\x01" + SLICE + b"\x00\x00"
    assert rewritten(each, mixed) == started(DELIMITER, SEI, SLICE)


def test_a_length_that_looks_like_a_short_start_code_is_a_length() -> None:
    unit = b"\x41" + bytes([255]) * 0x141
    payload = sized(unit)
    assert payload.startswith(b"\x00\x00\x01")
    assert rewritten(pictures(), payload) == started(OWN_DELIMITER, unit)


def test_hevc() -> None:
    slice_, key_frame, delimiter, sets = b"\x02\x01slice", b"\x26\x01idr", b"\x46\x01\x50", [b"\x42\x01s", b"\x44\x01p"]
    each = AnnexB(FORMS["hevc"], sets)
    for units, is_key_frame, expected in (
        ([slice_, slice_], False, [slice_, slice_]),
        ([key_frame], True, [*sets, key_frame]),
        ([sets[0], key_frame], True, [*sets, key_frame]),
    ):
        found = rewritten(each, sized(*units), is_key_frame=is_key_frame)
        assert found == b"".join(START_CODE + unit for unit in (delimiter, *expected))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (sized(SLICE) + bytes(3), [OWN_DELIMITER, SLICE]),
        (sized(b"", SLICE, b""), [OWN_DELIMITER, SLICE]),
        (bytes(4), [OWN_DELIMITER]),
        (b"", [OWN_DELIMITER]),
    ],
    ids=["zeros behind", "empty units", "an empty unit alone", "nothing"],
)
def test_what_says_nothing_is_left_out(payload: bytes, expected: list[bytes]) -> None:
    assert rewritten(pictures(), payload) == started(*expected)


@pytest.mark.parametrize(
    "payload",
    [sized(SLICE)[:-1], sized(SLICE) + b"\x01", sized(SLICE) + b"\x00\x00\x10\x00", b"\xff\xff\xff\xff" + SLICE],
    ids=["cut off", "a byte too many", "a unit that is not there", "an absurd length"],
)
@pytest.mark.parametrize("is_key_frame", [False, True])
def test_broken_lengths_are_refused(payload: bytes, is_key_frame: bool) -> None:
    with pytest.raises(ValueError, match="NAL unit"):
        rewritten(pictures(), payload, is_key_frame=is_key_frame)


@pytest.mark.parametrize("codec", FORMS)
def test_noise_is_written_or_refused(codec: str) -> None:
    chance = random.Random(codec)
    each = pictures(codec)
    for _ in range(3000):
        payload = bytes(chance.choice((0, 0, 0, 1, 2, 7, 0x41, 0x65, 255)) for _ in range(chance.randrange(24)))
        try:
            assert rewritten(each, payload, is_key_frame=chance.random() < 0.5).startswith(START_CODE)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("codec", "extradata", "is_usual"),
    [
        ("h264", "0164001fffe1", True),
        ("h264", "0164001ffde1", False),
        ("h264", "00000001674d", False),
        ("h264", "000001674d00", False),
        ("h264", "", False),
        ("hevc", "01" + 20 * "00" + "fe03", False),
        ("hevc", "01" + 20 * "00" + "ff03", True),
    ],
)
def test_a_configuration_says_how_long_lengths_are(codec: str, extradata: str, is_usual: bool) -> None:
    assert FORMS[codec].has_usual_lengths(bytes.fromhex(extradata)) is is_usual
