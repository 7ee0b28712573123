"""Packets sent against packets found: the first difference, in words. Pure."""

from collections.abc import Sequence

from infra.local.demo.packets import PacketPrint


class Difference(Exception):
    """A file does not hold what was sent; the message says which packet and what of it."""


def compare(
    sent: Sequence[PacketPrint], found: Sequence[PacketPrint], *, kinds: Sequence[str], tolerance_ms: float
) -> None:
    """Raise Difference unless `found` holds exactly the packets of `kinds` sent, at their times.

    Times may differ by one offset common to all tracks, and by `tolerance_ms` for the container's rounding.
    """
    extra = sorted({each.kind for each in found} - set(kinds))
    if extra:
        raise Difference(f"the file has a track nobody asked for: {', '.join(extra)}")
    pairs: list[tuple[str, PacketPrint, PacketPrint]] = []
    for kind in kinds:
        ours, theirs = _of_kind(sent, kind), _of_kind(found, kind)
        _compare_contents(kind, ours, theirs)
        pairs += [(f"{kind} packet {at}", *pair) for at, pair in enumerate(zip(ours, theirs, strict=True))]
    if pairs:
        _compare_times(pairs, tolerance_ms)


def _of_kind(packets: Sequence[PacketPrint], kind: str) -> list[PacketPrint]:
    return [packet for packet in packets if packet.kind == kind]


def _compare_contents(kind: str, sent: Sequence[PacketPrint], found: Sequence[PacketPrint]) -> None:
    counts = f"{len(sent)} {kind} packets were sent, {len(found)} are in the file"
    for at, (ours, theirs) in enumerate(zip(sent, found, strict=False)):
        if ours.digest != theirs.digest:
            place = next((other for other, packet in enumerate(sent) if packet.digest == theirs.digest), None)
            what = "was never sent" if place is None else f"is packet {place} of those sent"
            raise Difference(f"{kind} packet {at} {what}; {counts}")
        if ours.is_key_frame != theirs.is_key_frame:
            raise Difference(f"{kind} packet {at} is{'' if theirs.is_key_frame else ' not'} marked as a key frame")
    if len(sent) != len(found):
        raise Difference(f"{counts}: {'the end is missing' if len(sent) > len(found) else 'more than was sent'}")


def _compare_times(pairs: Sequence[tuple[str, PacketPrint, PacketPrint]], tolerance_ms: float) -> None:
    _, first_sent, first_found = pairs[0]
    offset = first_found.dts - first_sent.dts
    for name, ours, theirs in pairs:
        for clock in ("dts", "pts"):
            error = getattr(theirs, clock) - getattr(ours, clock) - offset
            if abs(error) > tolerance_ms:
                raise Difference(f"the {clock} of {name} is {error:+.1f} ms away from where it was sent")
