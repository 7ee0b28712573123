/* Samples as `TsWriter` reads and takes them. */

#include "ts_writer.h"

typedef enum { REFUSED = -1, TAKEN, LEFT } Fate;

Names ts_names;

int ts_name_all(void)
{
    const struct {
        PyObject **name;
        const char *text;
    } all[] = {
        {&ts_names.track, "track"},
        {&ts_names.payload, "payload"},
        {&ts_names.at, "at"},
        {&ts_names.dts, "dts"},
        {&ts_names.pts, "pts"},
        {&ts_names.duration, "duration"},
        {&ts_names.is_key_frame, "is_key_frame"},
        {&ts_names.seconds_per_tick, "seconds_per_tick"},
    };
    for (size_t each = 0; each < sizeof all / sizeof *all; each++)
        if (!*all[each].name && !(*all[each].name = PyUnicode_InternFromString(all[each].text)))
            return -1;
    return 0;
}

static int read_integer(PyObject *from, PyObject *name, int64_t *value)
{
    PyObject *found = PyObject_GetAttr(from, name);
    if (!found)
        return -1;
    *value = PyLong_AsLongLong(found);
    Py_DECREF(found);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

int ts_read_real(PyObject *from, PyObject *name, double *value)
{
    PyObject *found = PyObject_GetAttr(from, name);
    if (!found)
        return -1;
    *value = PyFloat_AsDouble(found);
    Py_DECREF(found);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

static int read_truth(PyObject *from, PyObject *name)
{
    PyObject *found = PyObject_GetAttr(from, name);
    if (!found)
        return -1;
    int is_true = PyObject_IsTrue(found);
    Py_DECREF(found);
    return is_true;
}

static TsTrack *track_of(TsWriter *self, PyObject *sample)
{
    PyObject *track = PyObject_GetAttr(sample, ts_names.track);
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
    placed->payload = PyObject_GetAttr(sample, ts_names.payload);
    if (!placed->payload)
        return -1;
    Py_buffer content;
    int status = PyObject_GetBuffer(placed->payload, &content, PyBUF_SIMPLE);
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
    int64_t dts, pts;
    TsTrack *track = track_of(self, sample);
    if (!track || read_integer(sample, ts_names.dts, &dts) < 0 || read_integer(sample, ts_names.pts, &pts) < 0 ||
        read_integer(sample, ts_names.duration, &placed.duration) < 0 || ts_track_place(track, dts, pts, &placed) < 0 ||
        add_payload(self, track, sample, &placed, room) < 0)
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
    int is_key_frame = read_truth(sample, ts_names.is_key_frame);
    if (is_key_frame < 0 || ts_read_real(sample, ts_names.at, &at) < 0)
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
