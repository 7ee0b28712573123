"""A transport stream judged by ISO/IEC 13818-1, apart from any library: every complaint is a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

PACKET_BYTES = 188
PAT_PID = 0
FIRST_TABLE_PIDS = (0x11, PAT_PID)
LONGEST_CLOCK_GAP = 9000
HALF_A_TURN = 1 << 32
VIDEO_TYPES = frozenset({0x1B, 0x24, 0x33})


@dataclass(frozen=True)
class Packet:
    """One packet, taken apart (2.4.3.2, 2.4.3.4)."""

    pid: int
    is_start: bool
    counter: int
    is_discontinuous: bool
    is_random_access: bool
    clock: int | None
    """Its base: ticks of 90 kHz."""
    body: bytes


@dataclass
class Pes:
    """A PES packet (2.4.3.6)."""

    pid: int
    pts: int
    dts: int
    is_random_access: bool
    length: int
    content: bytes = field(repr=False)


def packets(content: bytes) -> Iterator[Packet]:
    """All packets; raises ValueError where there is none."""
    for at in range(0, len(content), PACKET_BYTES):
        packet = content[at : at + PACKET_BYTES]
        if len(packet) != PACKET_BYTES or packet[0] != 0x47:
            raise ValueError(f"no packet at {at}")
        flags, clock, body = 0, None, 4
        if packet[3] & 0x20:
            body += 1 + packet[4]
            flags = packet[5] if packet[4] else 0
            if flags & 0x10:
                clock = int.from_bytes(packet[6:12], "big") >> 15
        if body > PACKET_BYTES - (packet[3] >> 4 & 1):
            raise ValueError(f"the adaptation field at {at} is too long")
        yield Packet(
            int.from_bytes(packet[1:3], "big") & 0x1FFF,
            bool(packet[1] & 0x40),
            packet[3] & 0xF,
            bool(flags & 0x80),
            bool(flags & 0x40),
            clock,
            packet[body:] if packet[3] & 0x10 else b"",
        )


def streams(content: bytes) -> tuple[int, Mapping[int, int]]:
    """The PID of the clock, and the stream types by PID."""
    tables: dict[int, bytes] = {}
    for packet in packets(content):
        tables.setdefault(packet.pid, packet.body)
    pat = _section(tables[PAT_PID])
    pmt = _section(tables[int.from_bytes(pat[10:12], "big") & 0x1FFF])
    at, types = 12 + (int.from_bytes(pmt[10:12], "big") & 0xFFF), {}
    while at < len(pmt) - 4:
        types[int.from_bytes(pmt[at + 1 : at + 3], "big") & 0x1FFF] = pmt[at]
        at += 5 + (int.from_bytes(pmt[at + 3 : at + 5], "big") & 0xFFF)
    return int.from_bytes(pmt[8:10], "big") & 0x1FFF, types


def pes_packets(content: bytes) -> list[Pes]:
    """In the order of their beginnings."""
    _, types = streams(content)
    found: list[Pes] = []
    open_ones: dict[int, Pes] = {}
    for packet in packets(content):
        if packet.pid not in types:
            continue
        if not packet.is_start:
            open_ones[packet.pid].content += packet.body
            continue
        body = packet.body
        if body[:3] != b"\x00\x00\x01":
            raise ValueError("a PES packet without its start code")
        pts = _stamp(body[9:14])
        pes = Pes(
            packet.pid,
            pts,
            _stamp(body[14:19]) if body[7] & 0x40 else pts,
            packet.is_random_access,
            int.from_bytes(body[4:6], "big"),
            body[9 + body[8] :],
        )
        found.append(pes)
        open_ones[packet.pid] = pes
        pes.length -= 3 + body[8] if pes.length else 0
    return found


def judge(content: bytes) -> list[str]:
    """What is wrong with a segment."""
    return [*_judge_packets(content), *_judge_clock(content), *_judge_pes(content)]


def _judge_packets(content: bytes) -> Iterator[str]:
    counters: dict[int, int] = {}
    all_packets = list(packets(content))
    clock_pid, types = streams(content)
    known = {*FIRST_TABLE_PIDS, all_packets[2].pid, *types}
    yield from (f"{pid:#x} is in no table" for pid in {each.pid for each in all_packets} - known)
    if tuple(each.pid for each in all_packets[:2]) != FIRST_TABLE_PIDS:
        yield "it does not begin with its tables"
    for number, packet in enumerate(all_packets):
        last = counters.get(packet.pid)
        if last is None and not packet.is_discontinuous:
            yield f"packet {number} is the first of {packet.pid:#x} and does not say that its counter begins anew"
        if last is not None and (packet.is_discontinuous or packet.counter != (last + 1) & 0xF):
            yield f"packet {number} of {packet.pid:#x} does not follow the one before"
        if packet.clock is not None and packet.pid != clock_pid:
            yield f"packet {number} has a clock that is not the program's"
        counters[packet.pid] = packet.counter


def _judge_clock(content: bytes) -> Iterator[str]:
    clock_pid, types = streams(content)
    clocks = [packet.clock for packet in packets(content) if packet.clock is not None]
    for clock, following in pairwise(clocks):
        gap = (following - clock) % (2 * HALF_A_TURN)
        if not 0 < gap < HALF_A_TURN:
            yield f"the clock goes from {clock} to {following}"
        elif types[clock_pid] in VIDEO_TYPES and gap > LONGEST_CLOCK_GAP:
            yield f"{gap} ticks without a clock"
    clock = -1
    for packet in packets(content):
        if packet.clock is not None:
            clock = packet.clock
        if packet.pid in types and packet.is_start:
            times = [_stamp(packet.body[9:14])] + ([_stamp(packet.body[14:19])] if packet.body[7] & 0x40 else [])
            if clock == -1:
                yield "a PES packet before the clock"
            yield from (
                f"{time} is before {clock}" for time in times if (time - clock) % (2 * HALF_A_TURN) > HALF_A_TURN
            )


def _judge_pes(content: bytes) -> Iterator[str]:
    for pes in pes_packets(content):
        if pes.length and pes.length != len(pes.content):
            yield f"a PES packet of {len(pes.content)} bytes that says {pes.length}"


def _section(body: bytes) -> bytes:
    """A table's section behind its pointer; raises ValueError where its sum is wrong (annex A)."""
    section = body[1 + body[0] :]
    section = section[: 3 + (int.from_bytes(section[1:3], "big") & 0xFFF)]
    remainder = 0xFFFFFFFF
    for byte in section:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x04C11DB7 if remainder >> 31 else 0)) & 0xFFFFFFFF
    if remainder:
        raise ValueError("a table whose sum is wrong")
    return section


def _stamp(content: bytes) -> int:
    if not (content[0] & 1 and content[2] & 1 and content[4] & 1):
        raise ValueError("a time stamp without its markers")
    return (
        (content[0] >> 1 & 7) << 30 | int.from_bytes(content[1:3], "big") >> 1 << 15 | content[3] << 7 | content[4] >> 1
    )
