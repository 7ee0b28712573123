/* Packets: a PES packet is cut into bodies of 184 bytes, each behind a header and, where it says more, a field. */

#include "ts_packets.h"

#include <string.h>

enum { SYNC_BYTE = 0x47, IS_START = 0x40, HAS_ADAPTATION = 0x20, HAS_PAYLOAD = 0x10, COUNTER_MASK = 0xF };
enum { IS_DISCONTINUOUS = 0x80, IS_RANDOM_ACCESS = 0x40, HAS_CLOCK = 0x10 }; /* of an adaptation field, 2.4.3.4 */
enum { FLAGS_BYTES = 2, CLOCK_BYTES = 6, CLOCK_RESERVED = 0x7E00 };
enum { PES_MARK = 0x80, HAS_PTS = 0x80, HAS_PTS_AND_DTS = 0xC0 };
enum { ONLY_PTS = 0x21, PTS_OF_TWO = 0x31, DTS_OF_TWO = 0x11 }; /* a stamp's first byte but for bits 32 to 30 */
enum { PES_START_BYTES = 9, LENGTH_COUNTS_FROM = 6, STAMP_BYTES = 5, LONGEST_HEAD = 19, LONGEST_PES = 0xFFFF };

static size_t head_bytes(const PesHead *head)
{
    return PES_START_BYTES + (head->pts == head->dts ? STAMP_BYTES : 2 * STAMP_BYTES);
}

static uint8_t flags_of_first(const TsStream *stream, const PesHead *head)
{
    return (uint8_t)((stream->is_discontinuous ? IS_DISCONTINUOUS : 0) |
                     (head->is_random_access ? IS_RANDOM_ACCESS : 0) | (head->clock != NO_CLOCK ? HAS_CLOCK : 0));
}

/* How long the adaptation field with these flags is at least. */
static size_t field_bytes(uint8_t flags)
{
    if (!flags)
        return 0;
    return flags & HAS_CLOCK ? FLAGS_BYTES + CLOCK_BYTES : FLAGS_BYTES;
}

size_t pes_bytes(const TsStream *stream, const PesHead *head)
{
    size_t bytes = field_bytes(flags_of_first(stream, head)) + head_bytes(head) + head->content_bytes;
    return (bytes + BODY_BYTES - 1) / BODY_BYTES * PACKET_BYTES;
}

static uint8_t *put_clock(uint8_t *out, int64_t clock)
{
    uint64_t ticks = (uint64_t)clock << 15 | CLOCK_RESERVED; /* 33 bits, six that are set, an extension of 0 */
    for (int shift = 40; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(ticks >> shift);
    return out;
}

/* An adaptation field of so many bytes, filled up behind what it says; one of a single byte is but its length. */
static uint8_t *put_field(uint8_t *out, size_t bytes, uint8_t flags, int64_t clock)
{
    uint8_t *end = out + bytes;
    *out++ = (uint8_t)(bytes - 1);
    if (out == end)
        return end;
    *out++ = flags;
    if (flags & HAS_CLOCK)
        out = put_clock(out, clock);
    memset(out, 0xFF, (size_t)(end - out));
    return end;
}

/* A packet's header and adaptation field, which fills the packet up where too few bytes are left for it. */
static void open_packet(Pes *pes, uint8_t start, uint8_t flags, int64_t clock)
{
    TsStream *stream = pes->stream;
    uint8_t *out = pes->out;
    size_t field = field_bytes(flags);
    if (pes->left_bytes + field < BODY_BYTES)
        field = BODY_BYTES - pes->left_bytes;
    out[0] = SYNC_BYTE;
    out[1] = (uint8_t)(start | stream->pid >> 8);
    out[2] = (uint8_t)stream->pid;
    out[3] = (uint8_t)((field ? HAS_ADAPTATION : 0) | HAS_PAYLOAD | stream->counter);
    stream->counter = (stream->counter + 1) & COUNTER_MASK;
    pes->out = out + HEADER_BYTES;
    if (field)
        pes->out = put_field(pes->out, field, flags, clock);
    pes->room_bytes = BODY_BYTES - field;
}

void pes_append(Pes *pes, const uint8_t *content, size_t bytes)
{
    while (bytes) {
        if (!pes->room_bytes)
            open_packet(pes, 0, 0, NO_CLOCK);
        size_t here = bytes < pes->room_bytes ? bytes : pes->room_bytes;
        memcpy(pes->out, content, here);
        pes->out += here;
        pes->room_bytes -= here;
        pes->left_bytes -= here;
        content += here;
        bytes -= here;
    }
}

static uint8_t *put_stamp(uint8_t *out, uint8_t mark, int64_t ticks)
{
    *out++ = (uint8_t)(mark | (ticks >> 29 & 0xE));
    *out++ = (uint8_t)(ticks >> 22);
    *out++ = (uint8_t)(ticks >> 14 | 1);
    *out++ = (uint8_t)(ticks >> 7);
    *out++ = (uint8_t)(ticks << 1 | 1);
    return out;
}

/* A length that does not fit is left out, as FFmpeg does. */
static size_t said_length(const TsStream *stream, size_t bytes)
{
    size_t length = bytes - LENGTH_COUNTS_FROM;
    return stream->has_length && length <= LONGEST_PES ? length : 0;
}

Pes pes_begin(TsStream *stream, const PesHead *head, uint8_t *out)
{
    uint8_t start[LONGEST_HEAD], *end = start + PES_START_BYTES;
    size_t bytes = head_bytes(head), length = said_length(stream, bytes + head->content_bytes);
    int is_one_time = head->pts == head->dts;
    const uint8_t fixed[PES_START_BYTES] = {
        0, 0, 1, stream->stream_id, (uint8_t)(length >> 8), (uint8_t)length, PES_MARK,
        is_one_time ? HAS_PTS : HAS_PTS_AND_DTS, (uint8_t)(bytes - PES_START_BYTES),
    };
    memcpy(start, fixed, sizeof fixed);
    end = put_stamp(end, is_one_time ? ONLY_PTS : PTS_OF_TWO, head->pts);
    if (!is_one_time)
        put_stamp(end, DTS_OF_TWO, head->dts);
    Pes pes = {.stream = stream, .out = out, .left_bytes = bytes + head->content_bytes};
    open_packet(&pes, IS_START, flags_of_first(stream, head), head->clock);
    stream->is_discontinuous = 0;
    pes_append(&pes, start, bytes);
    return pes;
}
