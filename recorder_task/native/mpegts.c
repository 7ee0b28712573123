/* The type `TsWriter`: whole segments of MPEG-TS from samples, run by run. No cycle goes through one, so that its count
   alone frees it. */

#include "fields.h"
#include "ts_writer.h"

#include <structmember.h>

enum { LONGEST_RATIO = 1 << 18, NULL_PID = 0x1FFF, PICTURES_ID = 0xE0, SOUND_ID = 0xC0 };

static int is_free(TsWriter *self)
{
    if (self->is_busy)
        PyErr_SetString(PyExc_RuntimeError, "a segment is written by one call at a time");
    return !self->is_busy;
}

static Room enter(TsWriter *self)
{
    self->is_busy = 1;
    return (Room){.buffer = self->buffer};
}

static int leave(TsWriter *self, Room *room)
{
    int status = room_close(room);
    self->is_busy = 0;
    return status;
}

static PyObject *ts_write(TsWriter *self, PyObject *args)
{
    PyObject *samples;
    Py_ssize_t first;
    double until;
    if (!PyArg_ParseTuple(args, "Ond", &samples, &first, &until) || !is_free(self))
        return NULL;
    self->taken = 0;
    if (!self->buffer) {
        PyErr_SetString(PyExc_RuntimeError, "no segment has begun");
        return NULL;
    }
    Room room = enter(self);
    ts_take_run(self, samples, first, until, &room);
    if (leave(self, &room) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static int write_tables(TsWriter *self, PyObject *buffer)
{
    self->is_busy = 1;
    PyObject *written = PyObject_CallMethod(buffer, "write", "O", self->tables);
    self->is_busy = 0;
    Py_XDECREF(written);
    return written ? 0 : -1;
}

static PyObject *ts_begin(TsWriter *self, PyObject *args)
{
    PyObject *buffer;
    double at;
    if (!PyArg_ParseTuple(args, "Od", &buffer, &at) || !is_free(self) || write_tables(self, buffer) < 0)
        return NULL;
    PyObject *before = self->buffer;
    Py_INCREF(buffer);
    self->buffer = buffer;
    self->ends_at = at;
    pictures_begin(&self->pictures);
    sound_begin(&self->sound);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

static PyObject *ts_end(TsWriter *self, PyObject *unused)
{
    (void)unused;
    if (!is_free(self))
        return NULL;
    if (!self->buffer)
        Py_RETURN_NONE;
    Room room = enter(self);
    sound_flush(&self->sound, &room);
    if (leave(self, &room) < 0)
        return NULL;
    Py_CLEAR(self->buffer);
    Py_RETURN_NONE;
}

typedef struct {
    PyObject *track;
    int pid, has_clock;
    long long offset, up, down;
} TrackOrder;

static int can_be(const TrackOrder *order)
{
    int has_ratio = order->up > 0 && order->down > 0 && order->up <= LONGEST_RATIO && order->down <= LONGEST_RATIO;
    return has_ratio && order->pid > 0 && order->pid < NULL_PID && !ts_is_absurd(order->offset);
}

static int meet_track(TsTrack *base, const TrackOrder *order, uint8_t stream_id)
{
    if (base->track || !can_be(order)) {
        PyErr_SetString(PyExc_ValueError, "a track that cannot be written");
        return -1;
    }
    if (field_double(order->track, SECONDS_PER_TICK, &base->seconds_per_tick) < 0)
        return -1;
    base->stream = (TsStream){.pid = (uint16_t)order->pid, .stream_id = stream_id, .has_length = stream_id == SOUND_ID};
    base->has_clock = order->has_clock;
    base->offset = order->offset;
    base->up = order->up;
    base->down = order->down;
    Py_INCREF(order->track);
    base->track = order->track;
    return 0;
}

static PyObject *ts_add_pictures(TsWriter *self, PyObject *args)
{
    TrackOrder order;
    PyObject *rewrite;
    const char *notable, *front;
    Py_ssize_t notable_bytes, front_bytes;
    int later_start_bytes;
    Pictures *pictures = &self->pictures;
    if (!PyArg_ParseTuple(args, "OipLLLOy#y#i", &order.track, &order.pid, &order.has_clock, &order.offset, &order.up,
                          &order.down, &rewrite, &notable, &notable_bytes, &front, &front_bytes, &later_start_bytes))
        return NULL;
    if (notable_bytes != sizeof pictures->is_notable || front_bytes > (Py_ssize_t)sizeof pictures->front ||
        (later_start_bytes != 3 && later_start_bytes != 4)) {
        PyErr_SetString(PyExc_ValueError, "pictures of no form that there is");
        return NULL;
    }
    if (meet_track(&pictures->base, &order, PICTURES_ID) < 0)
        return NULL;
    Py_INCREF(rewrite);
    pictures->rewrite = rewrite;
    memcpy(pictures->is_notable, notable, sizeof pictures->is_notable);
    memcpy(pictures->front, front, (size_t)front_bytes);
    pictures->front_bytes = (size_t)front_bytes;
    pictures->later_start_bytes = (size_t)later_start_bytes;
    Py_RETURN_NONE;
}

static PyObject *ts_add_sound(TsWriter *self, PyObject *args)
{
    TrackOrder order;
    const char *header;
    Py_ssize_t header_bytes;
    Sound *sound = &self->sound;
    if (!PyArg_ParseTuple(args, "OipLLLy#", &order.track, &order.pid, &order.has_clock, &order.offset, &order.up,
                          &order.down, &header, &header_bytes))
        return NULL;
    if (header_bytes < 7 || header_bytes > (Py_ssize_t)sizeof sound->header) {
        PyErr_SetString(PyExc_ValueError, "this is no ADTS header");
        return NULL;
    }
    if (meet_track(&sound->base, &order, SOUND_ID) < 0)
        return NULL;
    memcpy(sound->header, header, (size_t)header_bytes);
    sound->header_bytes = (size_t)header_bytes;
    Py_RETURN_NONE;
}

static int ts_init(TsWriter *self, PyObject *args, PyObject *keywords)
{
    static char *known[] = {"tables", "tables_again", "hole_seconds", NULL};
    PyObject *tables, *tables_again;
    double hole_seconds;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "SSd", known, &tables, &tables_again, &hole_seconds))
        return -1;
    if (self->tables || PyBytes_Size(tables_again) != TABLES_AGAIN * PACKET_BYTES) {
        PyErr_SetString(PyExc_ValueError, "the tables are not a packet each");
        return -1;
    }
    Py_INCREF(tables);
    self->tables = tables;
    Py_INCREF(tables_again);
    self->tables_again = tables_again;
    self->hole_seconds = hole_seconds;
    return 0;
}

static void ts_dealloc(TsWriter *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Py_XDECREF(self->tables);
    Py_XDECREF(self->tables_again);
    Py_XDECREF(self->buffer);
    Py_XDECREF(self->pictures.base.track);
    Py_XDECREF(self->pictures.rewrite);
    Py_XDECREF(self->sound.base.track);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"add_pictures", (PyCFunction)ts_add_pictures, METH_VARARGS, NULL},
    {"add_sound", (PyCFunction)ts_add_sound, METH_VARARGS, NULL},
    {"begin", (PyCFunction)ts_begin, METH_VARARGS, NULL},
    {"write", (PyCFunction)ts_write, METH_VARARGS, NULL},
    {"end", (PyCFunction)ts_end, METH_NOARGS, NULL},
    {NULL},
};

static PyMemberDef members[] = {
    {"ends_at", T_DOUBLE, offsetof(TsWriter, ends_at), READONLY, NULL},
    {"taken", T_PYSSIZET, offsetof(TsWriter, taken), READONLY, NULL},
    {NULL},
};

static PyType_Slot type_slots[] = {
    {Py_tp_doc, "Segments of MPEG-TS, written from samples."},
    {Py_tp_init, (void *)ts_init},
    {Py_tp_dealloc, (void *)ts_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec type_spec = {
    .name = "recorder_task.native._loops.TsWriter",
    .basicsize = sizeof(TsWriter),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = type_slots,
};

int add_mpegts(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&type_spec);
    if (!type)
        return -1;
    int status = PyModule_AddObjectRef(module, "TsWriter", type);
    Py_DECREF(type);
    return status;
}
