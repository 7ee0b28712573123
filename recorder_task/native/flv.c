/* FLV tags of samples, straight into a part: TagWriter (recorder_task/outputs/flv_track.py) says what they are. */

#include "fields.h"
#include "room.h"

#include <math.h>
#include <stdlib.h>

enum {
    TAG_HEADER_BYTES = 11,
    COMPOSITION_BYTES = 3,
    SIZE_BYTES = 4,
    LONGEST_PREFIX = 16,
    HEAD_BYTES = TAG_HEADER_BYTES + LONGEST_PREFIX + COMPOSITION_BYTES,
    LARGEST_24 = 0xFFFFFF,
    PLAIN_KEY = 0, /* where a frame's prefix stands: a key frame's, any other's; then those with a composition offset */
    PLAIN_INTER = 1,
    MOVED = 2,
    PREFIXES = 4,
    MOST_TRACKS = 8,
};

struct prefix {
    unsigned char bytes[LONGEST_PREFIX];
    Py_ssize_t length;
};

struct track {
    PyObject *track;
    long long index;
    long long earliest_ms;
    double seconds_per_tick;
    int kind;
    struct prefix prefixes[PREFIXES];
};

typedef struct {
    PyObject ob_base;
    long long starts_ms;
    int tracks;
    struct track track[MOST_TRACKS];
} TagWriter;

/* A tag on its way: what stands before the payload, the payload. */
struct tag {
    unsigned char head[HEAD_BYTES];
    Py_ssize_t head_bytes;
    Py_buffer payload;
    long long milliseconds;
    int is_key_frame;
};

static void put_big_endian(unsigned char *at, unsigned long long value, int bytes)
{
    while (bytes--) {
        at[bytes] = value & 0xFF;
        value >>= 8;
    }
}

static struct track *track_of(TagWriter *writer, PyObject *sample)
{
    PyObject *track = field(sample, TRACK);
    if (track == NULL)
        return NULL;
    struct track *found = NULL;
    for (int number = 0; number < writer->tracks && found == NULL; number++)
        if (writer->track[number].track == track)
            found = &writer->track[number];
    long long index;
    if (found == NULL && field_integer(track, INDEX, &index) == 0) {
        for (int number = 0; number < writer->tracks && found == NULL; number++)
            if (writer->track[number].index == index)
                found = &writer->track[number];
        if (found == NULL)
            PyErr_Format(PyExc_KeyError, "%lld", index);
    }
    Py_DECREF(track);
    return found;
}

/* When a sample's frame is due in the file, and how much later it is shown: adobe.com, FLV 10.1, E.4.1 and E.4.3. */
static int times_of(const TagWriter *writer, const struct track *track, PyObject *sample, long long *milliseconds,
                    long long *composition_ms)
{
    double at;
    long long dts, pts;
    if (field_double(sample, AT, &at) < 0 || field_integer(sample, DTS, &dts) < 0 ||
        field_integer(sample, PTS, &pts) < 0)
        return -1;
    *milliseconds = (long long)rint(at * 1000) - writer->starts_ms;
    *composition_ms = pts == dts ? 0 : (long long)rint((double)(pts - dts) * track->seconds_per_tick * 1000);
    if (*milliseconds < track->earliest_ms) {
        /* Where audio and video come seconds apart one of them may be earlier than the file. */
        *composition_ms += *milliseconds - track->earliest_ms;
        if (*composition_ms < 0)
            *composition_ms = 0;
        *milliseconds = track->earliest_ms;
    }
    return 0;
}

static int fill_head(struct tag *tag, const struct track *track, long long composition_ms)
{
    int variant = tag->is_key_frame ? PLAIN_KEY : PLAIN_INTER;
    int is_moved = composition_ms != 0 && track->prefixes[variant + MOVED].length > 0;
    const struct prefix *prefix = &track->prefixes[variant + (is_moved ? MOVED : 0)];
    Py_ssize_t body = prefix->length + (is_moved ? COMPOSITION_BYTES : 0) + tag->payload.len;
    if (composition_ms < 0 || composition_ms > LARGEST_24 || tag->milliseconds > UINT32_MAX || body > LARGEST_24) {
        PyErr_SetString(PyExc_OverflowError, "a frame is too large, too late, or shown too long after it is due");
        return -1;
    }
    unsigned char *at = tag->head;
    put_big_endian(at, (unsigned)track->kind, 1);
    put_big_endian(at + 1, (unsigned long long)body, 3);
    put_big_endian(at + 4, (unsigned long long)tag->milliseconds & LARGEST_24, 3);
    put_big_endian(at + 7, (unsigned long long)tag->milliseconds >> 24, 1);
    put_big_endian(at + 8, 0, 3);
    memcpy(at + TAG_HEADER_BYTES, prefix->bytes, (size_t)prefix->length);
    tag->head_bytes = TAG_HEADER_BYTES + prefix->length;
    if (is_moved) {
        put_big_endian(at + tag->head_bytes, (unsigned long long)composition_ms, COMPOSITION_BYTES);
        tag->head_bytes += COMPOSITION_BYTES;
    }
    return 0;
}

static int make_tag(TagWriter *writer, PyObject *sample, struct tag *tag)
{
    struct track *track = track_of(writer, sample);
    long long composition_ms;
    if (track == NULL || times_of(writer, track, sample, &tag->milliseconds, &composition_ms) < 0)
        return -1;
    tag->is_key_frame = field_truth(sample, IS_KEY_FRAME);
    if (tag->is_key_frame < 0)
        return -1;
    PyObject *payload = field(sample, PAYLOAD);
    if (payload == NULL)
        return -1;
    int made = bytes_of(payload, &tag->payload);
    Py_DECREF(payload);
    if (made < 0)
        return -1;
    if (fill_head(tag, track, composition_ms) < 0) {
        PyBuffer_Release(&tag->payload);
        return -1;
    }
    track->earliest_ms = tag->milliseconds + 1;
    return 0;
}

static Py_ssize_t size_of(const struct tag *tag) { return tag->head_bytes + tag->payload.len + SIZE_BYTES; }

/* Copy tags into the buffer, which makes room for all of them, and note where key frames are. */
static int put_tags(PyObject *buffer, const struct tag *tags, Py_ssize_t count, long long size_bytes,
                    PyObject *key_frames)
{
    Py_ssize_t total = 0;
    for (Py_ssize_t number = 0; number < count; number++) {
        const struct tag *tag = &tags[number];
        if (tag->is_key_frame) {
            PyObject *row = Py_BuildValue("(LL)", tag->milliseconds, size_bytes + total);
            int noted = row == NULL ? -1 : PyList_Append(key_frames, row);
            Py_XDECREF(row);
            if (noted < 0)
                return -1;
        }
        total += size_of(tag);
    }
    Room room = {.buffer = buffer};
    unsigned char *at = room_for(&room, (size_t)total);
    for (Py_ssize_t number = 0; at != NULL && number < count; number++) {
        const struct tag *tag = &tags[number];
        memcpy(at, tag->head, (size_t)tag->head_bytes);
        memcpy(at + tag->head_bytes, tag->payload.buf, (size_t)tag->payload.len);
        Py_ssize_t size = tag->head_bytes + tag->payload.len;
        put_big_endian(at + size, (unsigned long long)size, SIZE_BYTES);
        at += size + SIZE_BYTES;
    }
    if (at != NULL)
        room_fill(&room, (size_t)total);
    return room_close(&room);
}

static PyObject *write_tags(PyObject *self, PyObject *arguments)
{
    TagWriter *writer = (TagWriter *)self;
    PyObject *buffer, *given, *key_frames;
    long long size_bytes, full_bytes;
    if (!PyArg_ParseTuple(arguments, "OOLLO!", &buffer, &given, &size_bytes, &full_bytes, &PyList_Type, &key_frames))
        return NULL;
    PyObject *samples = PySequence_Tuple(given);
    if (samples == NULL)
        return NULL;
    Py_ssize_t length = PyTuple_Size(samples), count = 0;
    PyObject *taken = NULL;
    struct tag *tags = calloc((size_t)length + 1, sizeof *tags);
    if (tags == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (long long end = size_bytes; count < length && end < full_bytes; count++) {
        if (make_tag(writer, PyTuple_GetItem(samples, count), &tags[count]) < 0) {
            if (count == 0)
                goto done;
            PyErr_Clear(); /* those before it first; it raises when it is the first */
            break;
        }
        end += size_of(&tags[count]);
    }
    if (put_tags(buffer, tags, count, size_bytes, key_frames) == 0)
        taken = PyLong_FromSsize_t(count);
done:
    for (Py_ssize_t number = 0; number < count; number++)
        PyBuffer_Release(&tags[number].payload);
    free(tags);
    Py_DECREF(samples);
    return taken;
}

static int take_track(TagWriter *writer, PyObject *row)
{
    if (writer->tracks == MOST_TRACKS) {
        PyErr_SetString(PyExc_ValueError, "an FLV of too many tracks");
        return -1;
    }
    struct track *track = &writer->track[writer->tracks];
    PyObject *of;
    const char *bytes[PREFIXES];
    Py_ssize_t lengths[PREFIXES];
    if (!PyArg_ParseTuple(row, "Oid(y#y#y#y#)", &of, &track->kind, &track->seconds_per_tick, &bytes[0], &lengths[0],
                          &bytes[1], &lengths[1], &bytes[2], &lengths[2], &bytes[3], &lengths[3]))
        return -1;
    for (int number = 0; number < PREFIXES; number++) {
        if (lengths[number] > LONGEST_PREFIX) {
            PyErr_SetString(PyExc_ValueError, "the beginning of a frame is too long");
            return -1;
        }
        memcpy(track->prefixes[number].bytes, bytes[number], (size_t)lengths[number]);
        track->prefixes[number].length = lengths[number];
    }
    if (field_integer(of, INDEX, &track->index) < 0)
        return -1;
    track->track = Py_NewRef(of);
    writer->tracks++;
    return 0;
}

static void forget(PyObject *self)
{
    TagWriter *writer = (TagWriter *)self;
    for (int number = 0; number < writer->tracks; number++)
        Py_DECREF(writer->track[number].track);
    PyTypeObject *type = Py_TYPE(self);
    freefunc free_it = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_it(self);
    Py_DECREF(type);
}

static PyObject *make(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    (void)keywords;
    long long starts_ms;
    PyObject *rows;
    if (!PyArg_ParseTuple(arguments, "LO!", &starts_ms, &PyTuple_Type, &rows))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *self = allocate(type, 0);
    if (self == NULL)
        return NULL;
    ((TagWriter *)self)->starts_ms = starts_ms;
    for (Py_ssize_t number = 0; number < PyTuple_Size(rows); number++)
        if (take_track((TagWriter *)self, PyTuple_GetItem(rows, number)) < 0) {
            Py_DECREF(self);
            return NULL;
        }
    return self;
}

static PyMethodDef methods[] = {{"write", write_tags, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyType_Slot slots[] = {
    {Py_tp_new, (void *)make}, {Py_tp_dealloc, (void *)forget}, {Py_tp_methods, methods}, {0, NULL}};
static PyType_Spec specification = {
    .name = "recorder_task.native._loops.TagWriter",
    .basicsize = sizeof(TagWriter),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int add_flv(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&specification);
    int added = type == NULL ? -1 : PyModule_AddObjectRef(module, "TagWriter", type);
    Py_XDECREF(type);
    return added;
}
