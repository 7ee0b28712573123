/* Pictures: each a PES packet, its units behind start codes (outputs/annex_b.py has those out of the ordinary). */

#include "ts_tracks.h"

enum { LENGTH_BYTES = 4 };
enum { LONGEST_CLOCK_GAP_TICKS = TICKS_PER_SECOND / 10 }; /* ISO/IEC 13818-1, 2.7.2 */
enum { COUNTER_AT = 3 };
static const uint8_t START_CODE[LENGTH_BYTES] = {0, 0, 0, 1}; /* ITU-T H.264, annex B */

/* A picture as it will stand in its PES packet. */
typedef struct {
    const uint8_t *content;
    size_t bytes;
    size_t units; /* behind lengths; 0: it has start codes already, and all else */
    PyObject *rewritten; /* which holds the content then */
} Picture;

void pictures_begin(Pictures *pictures)
{
    ts_track_begin(&pictures->base);
    pictures->clock_due = INT64_MIN;
    pictures->has_begun = 0;
    pictures->tables_counter = 0;
}

static uint32_t length_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* How many units stand behind lengths; 0 where one of them is of a kind to look at, or is broken. */
static size_t plain_units(const Pictures *pictures, const uint8_t *content, size_t bytes)
{
    size_t units = 0;
    while (bytes > LENGTH_BYTES) {
        size_t unit = length_at(content);
        if (!unit || unit > bytes - LENGTH_BYTES || pictures->is_notable[content[LENGTH_BYTES]])
            return 0;
        content += LENGTH_BYTES + unit;
        bytes -= LENGTH_BYTES + unit;
        units++;
    }
    return bytes ? 0 : units;
}

/* By Python: a key frame, or one whose units are out of the ordinary. */
static int rewrite(const Pictures *pictures, const Placed *placed, Picture *picture)
{
    PyObject *made = PyObject_CallFunctionObjArgs(pictures->rewrite, placed->payload, placed->is_key_frame, NULL);
    char *content;
    Py_ssize_t bytes;
    if (!made || PyBytes_AsStringAndSize(made, &content, &bytes) < 0) {
        Py_XDECREF(made);
        return -1;
    }
    *picture = (Picture){.content = (const uint8_t *)content, .bytes = (size_t)bytes, .rewritten = made};
    return 0;
}

static int read_picture(const Pictures *pictures, const Placed *placed, Picture *picture)
{
    size_t units = placed->is_key_frame == Py_True ? 0 : plain_units(pictures, placed->content, placed->bytes);
    if (!units)
        return rewrite(pictures, placed, picture);
    *picture = (Picture){.content = placed->content, .bytes = placed->bytes, .units = units};
    return 0;
}

static size_t content_bytes(const Pictures *pictures, const Picture *picture)
{
    if (!picture->units)
        return picture->bytes;
    size_t saved = (picture->units - 1) * (LENGTH_BYTES - pictures->later_start_bytes) + LENGTH_BYTES;
    return pictures->front_bytes + picture->bytes - saved;
}

/* The delimiter, and start codes in the place of lengths. */
static void append_units(Pes *pes, const Pictures *pictures, const Picture *picture)
{
    const uint8_t *at = picture->content, *later = START_CODE + LENGTH_BYTES - pictures->later_start_bytes;
    pes_append(pes, pictures->front, pictures->front_bytes);
    for (size_t unit = 0; unit < picture->units; unit++) {
        if (unit)
            pes_append(pes, later, pictures->later_start_bytes);
        size_t bytes = length_at(at);
        pes_append(pes, at + LENGTH_BYTES, bytes);
        at += LENGTH_BYTES + bytes;
    }
}

/* The clock comes before the next picture would be too late for it. */
static int is_clock_due(const Pictures *pictures, const Placed *placed)
{
    const TsTrack *base = &pictures->base;
    int64_t next = placed->dts + placed->duration * base->up / base->down;
    return base->has_clock && (placed->is_key_frame == Py_True || next > pictures->clock_due);
}

/* PAT and PMT once more, where a player may tune in. Their counters follow those at the segment's beginning. */
static uint8_t *repeat_tables(uint8_t *out, const uint8_t *tables, uint8_t counter)
{
    memcpy(out, tables, TABLES_AGAIN * PACKET_BYTES);
    for (int table = 0; table < TABLES_AGAIN; table++, out += PACKET_BYTES)
        out[COUNTER_AT] = (uint8_t)((out[COUNTER_AT] & 0xF0) | (counter & 0xF));
    return out;
}

static int write_picture(Pictures *pictures, const Placed *placed, const Picture *picture, const uint8_t *tables,
                         Room *room)
{
    int is_key_frame = placed->is_key_frame == Py_True, has_tables = is_key_frame && pictures->has_begun;
    int has_clock = is_clock_due(pictures, placed);
    PesHead head = {
        .pts = placed->pts,
        .dts = placed->dts,
        .clock = has_clock ? placed->dts - MUX_DELAY_TICKS : NO_CLOCK,
        .is_random_access = is_key_frame,
        .content_bytes = content_bytes(pictures, picture),
    };
    size_t bytes = pes_bytes(&pictures->base.stream, &head) + (has_tables ? TABLES_AGAIN * PACKET_BYTES : 0);
    uint8_t *out = room_for(room, bytes);
    if (!out)
        return -1;
    if (has_tables)
        out = repeat_tables(out, tables, ++pictures->tables_counter);
    Pes pes = pes_begin(&pictures->base.stream, &head, out);
    if (picture->units)
        append_units(&pes, pictures, picture);
    else
        pes_append(&pes, picture->content, picture->bytes);
    room_fill(room, bytes);
    if (has_clock)
        pictures->clock_due = placed->dts + LONGEST_CLOCK_GAP_TICKS;
    pictures->has_begun = 1;
    return 0;
}

/* More than a picture can take of room that has so many bytes as it comes. */
static size_t most_bytes(size_t bytes) { return (bytes / BODY_BYTES + TABLES_AGAIN + 4) * PACKET_BYTES; }

int pictures_add(Pictures *pictures, const Placed *placed, Sound *sound, const uint8_t *tables, Room *room)
{
    /* The sound may have stopped: the clock must not run past what is held of it. */
    if (sound_is_late(sound, placed->dts) && sound_flush(sound, room) < 0)
        return -1;
    /* To ask for room is to run Python: from where lengths are checked to where they are used there must be none, for
       the payload may be memory that can change. */
    Picture picture;
    if (!room_for(room, most_bytes(placed->bytes)) || read_picture(pictures, placed, &picture) < 0)
        return -1;
    int status = write_picture(pictures, placed, &picture, tables, room);
    Py_XDECREF(picture.rewritten);
    return status;
}
