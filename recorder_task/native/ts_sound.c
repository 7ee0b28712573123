/* Frames of AAC: gathered into PES packets, each frame behind its ADTS header (outputs/adts.py). */

#include "ts_tracks.h"

enum { ADTS_HEADER_BYTES = 7 };
/* FFmpeg's `pes_payload_size`, 16 packets of 184 bytes less the header of a PES packet: one for each frame would
   double the size of sound alone. */
enum { GATHERED_BYTES = 16 * BODY_BYTES - 14 };
/* As FFmpeg has it: held no longer than half of what the clock leaves. */
enum { GATHERED_TICKS = MUX_DELAY_TICKS / 2 };

void sound_begin(Sound *sound)
{
    ts_track_begin(&sound->base);
    sound->is_first = 1;
    sound->gathered_bytes = 0; /* of a segment that was given up */
}

int sound_is_late(const Sound *sound, int64_t dts)
{
    return sound->gathered_bytes && dts >= sound->dts + GATHERED_TICKS;
}

int sound_flush(Sound *sound, Room *room)
{
    if (!sound->gathered_bytes)
        return 0;
    PesHead head = {
        .pts = sound->pts,
        .dts = sound->dts,
        .clock = sound->base.has_clock ? sound->dts - MUX_DELAY_TICKS : NO_CLOCK,
        .is_random_access = 1,
        .content_bytes = sound->gathered_bytes,
    };
    size_t bytes = pes_bytes(&sound->base.stream, &head);
    uint8_t *out = room_for(room, bytes);
    if (!out)
        return -1;
    Pes pes = pes_begin(&sound->base.stream, &head, out);
    pes_append(&pes, sound->gathered, sound->gathered_bytes);
    room_fill(room, bytes);
    sound->gathered_bytes = 0;
    return 0;
}

/* ISO/IEC 13818-7, 6.2.2: aac_frame_length is bits 30 to 42. */
static void put_length(uint8_t *header, size_t bytes)
{
    header[3] = (uint8_t)((header[3] & 0xFC) | bytes >> 11);
    header[4] = (uint8_t)(bytes >> 3);
    header[5] = (uint8_t)((header[5] & 0x1F) | (bytes & 7) << 5);
}

int sound_add(Sound *sound, const Placed *placed, Room *room)
{
    size_t header_bytes = sound->is_first ? sound->header_bytes : ADTS_HEADER_BYTES;
    size_t bytes = header_bytes + placed->bytes;
    if (placed->bytes > LONGEST_ADTS_FRAME || bytes > LONGEST_ADTS_FRAME) {
        PyErr_Format(PyExc_ValueError, "an ADTS frame cannot have %zu bytes", bytes);
        return -1;
    }
    if (sound->gathered_bytes + bytes > GATHERED_BYTES || sound_is_late(sound, placed->dts))
        if (sound_flush(sound, room) < 0)
            return -1;
    if (!sound->gathered_bytes) {
        sound->pts = placed->pts;
        sound->dts = placed->dts;
    }
    uint8_t *frame = sound->gathered + sound->gathered_bytes;
    memcpy(frame, sound->header, header_bytes);
    put_length(frame, bytes);
    memcpy(frame + header_bytes, placed->content, placed->bytes);
    sound->gathered_bytes += bytes;
    sound->is_first = 0;
    return 0;
}
