/* The two kinds of tracks that our MPEG-TS has. */

#ifndef TAPEDECK_TS_TRACKS_H
#define TAPEDECK_TS_TRACKS_H

#include "loops.h"
#include "room.h"
#include "ts_packets.h"

enum { TICKS_PER_SECOND = 90000 };
/* Between the clock and the dts of a packet: room for what comes late. FFmpeg's command line has 0.7 s too. */
enum { MUX_DELAY_TICKS = 63000 };
enum { LONGEST_ADTS_FRAME = 0x1FFF }; /* ISO/IEC 13818-7, 6.2.2: aac_frame_length has 13 bits */
enum { TABLES_AGAIN = 2 };            /* PAT and PMT, a packet each */

/* What both kinds have. Its times count from the file's beginning, `offset` ticks of its own. */
typedef struct {
    PyObject *track;
    TsStream stream;
    int has_clock;
    int64_t offset;
    int64_t up, down; /* so many ticks of 90 kHz are so many of its own */
    int64_t earliest; /* ticks of its own: times rise, from segment to segment too */
    double seconds_per_tick;
} TsTrack;

typedef struct {
    const uint8_t *content;
    size_t bytes;
    PyObject *payload; /* of which that is the content */
    PyObject *is_key_frame;
    int64_t own_dts, duration; /* ticks of the track's own */
    int64_t pts, dts; /* ticks of 90 kHz */
} Placed;

typedef struct {
    TsTrack base;
    PyObject *rewrite;       /* (payload, is_key_frame) -> a picture as it is to stand here, delimiter and all */
    uint8_t is_notable[256]; /* by the byte that says a unit's kind: it takes more than a start code */
    uint8_t front[16];       /* the delimiter and the first start code */
    size_t front_bytes;
    size_t later_start_bytes;
    int64_t clock_due;
    uint8_t tables_counter;
    int has_begun; /* the segment has one */
} Pictures;

typedef struct {
    TsTrack base;
    int is_first; /* the next frame is a segment's first */
    uint8_t header[64]; /* of a segment's first frame: what says its channels may stand behind the fixed part */
    size_t header_bytes;
    uint8_t gathered[LONGEST_ADTS_FRAME + 1];
    size_t gathered_bytes;
    int64_t pts, dts; /* of the first frame gathered */
} Sound;

/* So far from 0 that 64 bits may not do for it in 90 kHz. */
int ts_is_absurd(int64_t own_ticks);
/* Times of a sample, raised to those that the track may still have; -1 with ValueError for absurd ones. */
int ts_track_place(const TsTrack *track, int64_t dts, int64_t pts, Placed *placed);
void ts_track_begin(TsTrack *track);

void pictures_begin(Pictures *pictures);
/* Write one; -1 with an exception set, nothing written, for one that has no place in a transport stream. */
int pictures_add(Pictures *pictures, const Placed *placed, Sound *sound, const uint8_t *tables, Room *room);

void sound_begin(Sound *sound);
/* Take a frame in, and write those before it once they are enough; -1 with an exception set. */
int sound_add(Sound *sound, const Placed *placed, Room *room);
/* Write what is held; -1 with an exception set, and it is held still. */
int sound_flush(Sound *sound, Room *room);
/* What is held may wait no longer where the newest sample has this dts. */
int sound_is_late(const Sound *sound, int64_t dts);

#endif
