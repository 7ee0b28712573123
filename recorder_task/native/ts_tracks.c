/* What both kinds of tracks do with times, as outputs/output.py does for FFmpeg's muxer. */

#include "ts_tracks.h"

enum { FIRST_DTS_TICKS = 2 * MUX_DELAY_TICKS }; /* at the file's beginning, as FFmpeg has it */
static const int64_t LATEST = (int64_t)1 << 42;

void ts_track_begin(TsTrack *track)
{
    track->stream.counter = 0;
    track->stream.is_discontinuous = 1;
}

/* Rounded to the nearest, as FFmpeg does; `own` is not below 0. */
static int64_t in_ticks(const TsTrack *track, int64_t own)
{
    return (own * track->up + track->down / 2) / track->down + FIRST_DTS_TICKS;
}

int ts_is_absurd(int64_t own_ticks) { return own_ticks > LATEST || own_ticks < -LATEST; }

int ts_track_place(const TsTrack *track, int64_t dts, int64_t pts, Placed *placed)
{
    if (ts_is_absurd(dts) || ts_is_absurd(pts) || ts_is_absurd(placed->duration)) {
        PyErr_SetString(PyExc_ValueError, "a time that no stream has");
        return -1;
    }
    dts -= track->offset;
    pts -= track->offset;
    if (dts < track->earliest) /* where audio and video come seconds apart, one may be earlier than the file */
        dts = track->earliest;
    placed->own_dts = dts;
    placed->dts = in_ticks(track, dts);
    placed->pts = pts > dts ? in_ticks(track, pts) : placed->dts;
    return 0;
}
