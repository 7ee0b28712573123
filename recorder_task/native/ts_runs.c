/* Samples as `TsWriter` reads and takes them. */

#include "fields.h"
#include "ts_writer.h"

typedef enum { REFUSED = -1, TAKEN, LEFT } Fate;

static TsTrack *track_of(TsWriter *self, PyObject *sample)
{
    PyObject *track = field(sample, TRACK);
    if (!track)
        return NULL;
    Py_DECREF(track); /* ours hold it where it is theirs, and it is but compared */
    if (track == self->pictures.base.track)
        return &self->pictures.base;
    if (track == self->sound.base.track)
        return &self->sound.base;
    PyErr_SetString(PyExc_ValueError, "a sample of a track that the file does not have");
    return NULL;
}

static int add(TsWriter *self, TsTrack *track, const Placed *placed, Room *room)
{
    if (track == &self->sound.base)
        return sound_add(&self->sound, placed, room);
    const uint8_t *tables = (const uint8_t *)PyBytes_AsString(self->tables_again);
    return pictures_add(&self->pictures, placed, &self->sound, tables, room);
}

static int add_payload(TsWriter *self, TsTrack *track, PyObject *sample, Placed *placed, Room *room)
{
    placed->payload = field(sample, PAYLOAD);
    if (!placed->payload)
        return -1;
    Py_buffer content;
    int status = bytes_of(placed->payload, &content);
    if (status == 0) {
        placed->content = content.buf;
        placed->bytes = (size_t)content.len;
        status = add(self, track, placed, room);
        PyBuffer_Release(&content);
    }
    Py_DECREF(placed->payload);
    return status;
}

static Fate take_placed(TsWriter *self, PyObject *sample, double at, int is_key_frame, Room *room)
{
    Placed placed = {.is_key_frame = is_key_frame ? Py_True : Py_False};
    long long dts, pts, duration;
    TsTrack *track = track_of(self, sample);
    if (!track || field_integer(sample, DTS, &dts) < 0 || field_integer(sample, PTS, &pts) < 0 ||
        field_integer(sample, DURATION, &duration) < 0)
        return REFUSED;
    placed.duration = duration;
    if (ts_track_place(track, dts, pts, &placed) < 0 || add_payload(self, track, sample, &placed, room) < 0)
        return REFUSED;
    track->earliest = placed.own_dts + 1;
    double end = at + (double)placed.duration * track->seconds_per_tick;
    if (end > self->ends_at)
        self->ends_at = end;
    return TAKEN;
}

static Fate take(TsWriter *self, PyObject *sample, int is_first, double until, Room *room)
{
    double at;
    int is_key_frame = field_truth(sample, IS_KEY_FRAME);
    if (is_key_frame < 0 || field_double(sample, AT, &at) < 0)
        return REFUSED;
    if (!is_first && (is_key_frame || at >= until || at > self->ends_at + self->hole_seconds))
        return LEFT;
    return take_placed(self, sample, at, is_key_frame, room);
}

static Fate take_next(TsWriter *self, PyObject *samples, Py_ssize_t first, double until, Room *room)
{
    PyObject *sample = PySequence_GetItem(samples, first + self->taken);
    if (!sample)
        return REFUSED;
    Fate fate = take(self, sample, self->taken == 0, until, room);
    Py_DECREF(sample);
    if (fate == TAKEN)
        self->taken++;
    return fate;
}

void ts_take_run(TsWriter *writer, PyObject *samples, Py_ssize_t first, double until, Room *room)
{
    Py_ssize_t count = PySequence_Size(samples);
    while (first + writer->taken < count && take_next(writer, samples, first, until, room) == TAKEN)
        ;
}
