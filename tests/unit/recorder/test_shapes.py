"""Samples of frames that go on as before: by Python, and by the compiled loop that takes its place."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_task.native import loops
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG, FlvReader, Tag
from recorder_task.pull.shapes import KnownSamples, Shape, Shapes, known_samples, plain_samples
from recorder_task.pull.track_finder import TrackFinder
from recorder_task.sample import NOTHING, Sample
from tests.compiled_loops import need_compiled_loops
from tests.media.clips import ClipOrder, clip
from tests.unit.recorder.samples import AUDIO, VIDEO

KEY, INTER, SOUND = b"\x17\x01", b"\x27\x01", b"\xaf\x01"
AAC = replace(AUDIO, frame_ms=23)
SHAPES: Shapes = {
    (VIDEO_TAG, KEY): Shape(VIDEO, 5, True, True),
    (VIDEO_TAG, INTER): Shape(VIDEO, 5, True, False),
    (AUDIO_TAG, SOUND): Shape(AAC, 2, False, False),
}
NOW = 1e9


def compiled(*given: Any) -> list[Sample]:
    """The compiled one, whatever the recorder uses."""
    need_compiled_loops()
    return loops.KnownSamples(Sample, NOTHING).of(*given)


def facts(sample: Sample) -> dict[str, object]:
    """All that a sample holds, with the types of it."""
    values = {name: getattr(sample, name) for name in Sample.__slots__}
    payload = values["payload"]
    kind = (payload.obj, payload.format, payload.readonly) if isinstance(payload, memoryview) else None
    return values | {"types": [type(value) for value in values.values()], "payload": (bytes(payload), kind)}


@pytest.fixture(params=[plain_samples, compiled], ids=["plain", "compiled"])
def known(request: pytest.FixtureRequest) -> KnownSamples:
    """Each of the two."""
    made: KnownSamples = request.param
    return made


def picture(milliseconds: int, *, later_ms: int = 0, begin: bytes = INTER, payload: bytes = b"frame") -> Tag:
    """A frame of H.264 in its old form."""
    return Tag(VIDEO_TAG, milliseconds, begin + later_ms.to_bytes(3, "big", signed=True) + payload)


def sound(milliseconds: int) -> Tag:
    """A frame of AAC."""
    return Tag(AUDIO_TAG, milliseconds, SOUND + b"frame")


def made(known: KnownSamples, *tags: Tag, at: int = 0, gathered_ms: float = 1000.0) -> list[dict[str, object]]:
    """The samples of a burst from one of its tags on."""
    newest_ms = {kind: milliseconds for kind, milliseconds, _ in tags}
    return [facts(each) for each in known(list(tags), at, SHAPES, newest_ms, NOW, gathered_ms)]


def test_a_sample_holds_what_its_class_gives_it(known: KnownSamples) -> None:
    pictures = [picture(0, begin=KEY), picture(40, later_ms=80), picture(80, later_ms=-40), sound(80)]
    first, second, third, last = (memoryview(tag.body)[2 if tag.kind == AUDIO_TAG else 5 :] for tag in pictures)
    assert made(known, *pictures) == [
        facts(Sample(VIDEO, first, 0, 0, 0, True, NOW - 0.08)),
        facts(Sample(VIDEO, second, 40, 120, 0, False, NOW - 0.04)),
        facts(Sample(VIDEO, third, 80, 40, 0, False, NOW)),
        facts(Sample(AAC, last, 80, 80, 23, False, NOW)),
    ]


def test_samples_are_of_their_class_and_can_be_placed(known: KnownSamples) -> None:
    (found,) = known([picture(40)], 0, SHAPES, {VIDEO_TAG: 40}, NOW, 0.0)
    assert type(found) is Sample
    assert found.repairs is NOTHING
    found.place(50, 60, 40)
    found.packet = found
    assert (found.at, found.ends_at, found.source_pts) == (0.05, 0.09, 40)


@pytest.mark.parametrize(
    "stranger",
    [
        Tag(VIDEO_TAG, 40, b"\x37\x01\0\0\0frame"),
        Tag(AUDIO_TAG, 40, KEY + b"frame"),
        Tag(VIDEO_TAG, 40, KEY + bytes(3)),
        Tag(VIDEO_TAG, 40, b"\x17"),
        Tag(VIDEO_TAG, 40, b""),
        Tag(18, 40, b"\x02\0\x0aonMetaData"),
    ],
    ids=["another frame", "another kind", "no payload", "one byte", "nothing", "a script"],
)
def test_it_ends_before_a_tag_that_is_not_known(known: KnownSamples, stranger: Tag) -> None:
    tags = [picture(0), stranger, picture(80)]
    assert [each["dts"] for each in made(known, *tags)] == [0]
    assert made(known, *tags, at=1) == []
    assert [each["dts"] for each in made(known, *tags, at=2)] == [80]
    assert made(known, *tags, at=3) == []


def test_nothing_is_older_than_the_burst(known: KnownSamples) -> None:
    found = made(known, picture(0), picture(5000), picture(4000), picture(4500), gathered_ms=100.5)
    assert [each["arrived_at"] for each in found] == [NOW - 0.1005, NOW, NOW - 0.1005, NOW]


def test_more_shapes_than_are_remembered(known: KnownSamples) -> None:
    shapes: Shapes = {(AUDIO_TAG, bytes([0xAF, number])): Shape(AAC, 2, False, False) for number in range(1, 256)}
    tags = [Tag(AUDIO_TAG, at, bytes([0xAF, 1 + at * 7 % 255, at % 251])) for at in range(2000)]
    found = known(tags, 0, shapes, {AUDIO_TAG: 1999}, NOW, 10.0)
    assert [(each.dts, bytes(each.payload)) for each in found] == [(at, bytes([at % 251])) for at in range(2000)]


def test_a_class_with_other_slots_is_refused() -> None:
    need_compiled_loops()

    class Other(Sample):
        __slots__ = ("more",)

    with pytest.raises(TypeError, match="slots"):
        loops.KnownSamples(Other, NOTHING)


@pytest.mark.parametrize(
    "given",
    [
        ([(VIDEO_TAG, 0)], 0, SHAPES, {VIDEO_TAG: 0}, NOW, 0.0),
        ([(VIDEO_TAG, 0, "text")], 0, SHAPES, {VIDEO_TAG: 0}, NOW, 0.0),
        ([(VIDEO_TAG, "0", b"")], 0, SHAPES, {VIDEO_TAG: 0}, NOW, 0.0),
        ([picture(0)], 0, {(VIDEO_TAG, INTER): (VIDEO, 5)}, {VIDEO_TAG: 0}, NOW, 0.0),
        ([picture(0)], 0, {(VIDEO_TAG, INTER): (None, 5, True, True)}, {VIDEO_TAG: 0}, NOW, 0.0),
        ([picture(0)], 0, SHAPES, {}, NOW, 0.0),
        ([picture(0)], 0, SHAPES, {VIDEO_TAG: 0}, "now", 0.0),
        ([picture(0)], 0, SHAPES, {VIDEO_TAG: 0}, NOW),
        ([picture(0)], -1, SHAPES, {VIDEO_TAG: 0}, NOW, 0.0),
    ],
    ids=["tag", "body", "time", "shape", "track", "no newest", "no time", "too few", "no place"],
)
def test_what_it_cannot_read_is_an_error(given: Any) -> None:
    need_compiled_loops()
    with pytest.raises((TypeError, KeyError, AttributeError, ValueError)):
        compiled(*given)


def test_the_recorder_uses_the_compiled_loop_where_it_is() -> None:
    need_compiled_loops()
    assert isinstance(getattr(known_samples, "__self__", None), loops.KnownSamples)


BODIES = st.builds(
    bytes.__add__, st.sampled_from([KEY, INTER, SOUND, b"\xaf\x02", b"\x17\x00", b"\x90h", b""]), st.binary(max_size=8)
)
TIMES = st.integers(0, 100) | st.integers(0, (1 << 32) - 1)
TAGS = st.lists(st.builds(Tag, st.sampled_from([VIDEO_TAG, AUDIO_TAG, 18]), TIMES, BODIES), max_size=40)


@settings(deadline=None, max_examples=500)
@given(tags=TAGS, at=st.integers(0, 41), gathered_ms=st.floats(0, 1e7))
def test_both_make_the_same_samples(tags: list[Tag], at: int, gathered_ms: float) -> None:
    plain, fast = (made(each, *tags, at=at, gathered_ms=gathered_ms) for each in (plain_samples, compiled))
    assert fast == plain


def mixed_up(tags: list[Tag], random: Random) -> Iterator[Tag]:
    """A source's tags with some lost, cut off, late, repeated, or of something else."""
    for tag in tags:
        deed = random.random()
        if deed < 0.02:
            continue
        if deed < 0.04:
            yield tag._replace(body=tag.body[: random.randrange(7)])
        elif deed < 0.06:
            yield tag._replace(milliseconds=random.randrange(1 << 32))
        elif deed < 0.08:
            yield tag._replace(body=random.randbytes(1) + tag.body[1:])
        elif deed < 0.09:
            yield random.choice(tags)
        yield tag


@pytest.mark.parametrize("order", [ClipOrder(), ClipOrder(sample_rate=48_000, width=64, height=64)], ids=["one", "two"])
def test_both_find_the_same_in_a_source_that_goes_wrong(order: ClipOrder) -> None:
    need_compiled_loops()
    first, second = (FlvReader().feed(clip(each).content) for each in (ClipOrder(), order))
    for seed in range(20):
        random = Random(seed)
        tags = [*mixed_up(first, random), *mixed_up(second, random)]
        plain, fast = TrackFinder(plain_samples), TrackFinder(compiled)
        for burst in batches(tags, random):
            expected, found = ([*map(timeless, each.samples(burst, NOW, 90.0))] for each in (plain, fast))
            assert found == expected
            assert fast.is_settled == plain.is_settled


def batches(tags: list[Tag], random: Random) -> Iterator[list[Tag]]:
    """Bursts of any number."""
    while tags:
        size = random.choice([0, 1, 2, 5, 60])
        yield tags[:size]
        tags = tags[size:]


def timeless(sample: Sample) -> dict[str, object]:
    """A sample's facts; of its track what it is, for each finder has its own."""
    track = sample.track
    return facts(sample) | {"track": (track.kind, track.codec, track.sample_rate, track.width, track.frame_ms)}
