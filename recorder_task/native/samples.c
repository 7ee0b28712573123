/* Samples of frames that go on as before: what `plain_samples` in pull/shapes.py does, for all of a burst at once.

   A sample is made as `Sample.__init__` (sample.py) makes it, without the interpreter: its type gives an object, and
   the descriptors of its slots fill it. */

#include "slots.h"

enum { TRACK, PAYLOAD, SIZE, PACKET, DTS, PTS, SOURCE_PTS, AT, DURATION, IS_KEY_FRAME, ARRIVED_AT, REPAIRS, SLOTS };
enum { KNOWN_SHAPES = 8, COMPOSITION_AT = 2, COMPOSITION_BYTES = 3 };

static const char *const NAMES[SLOTS] = {"track", "payload", "size",     "packet",       "dts",        "pts",
                                         "source_pts", "at", "duration", "is_key_frame", "arrived_at", "repairs"};

typedef struct {
    PyObject_HEAD
    PyTypeObject *sample;
    PyObject *nothing;
    Slot slots[SLOTS];
} Known;

/* A shape as this file reads it; the objects are its own references. */
typedef struct {
    PyObject *track, *duration, *is_key_frame, *behind;
    Py_ssize_t begin;
    double seconds_per_tick;
    long long newest_ms;
    int has_composition, kind;
    uint8_t first, second;
} Shape;

/* One call: what it was given, and the shapes it has met. */
typedef struct {
    const Known *known;
    PyObject *shapes, *newest_ms, *now;
    double now_seconds, gathered_ms;
    Shape met[KNOWN_SHAPES];
    size_t met_count, next;
} Burst;

/* A tag as this file reads it; the objects are borrowed. */
typedef struct {
    PyObject *kind_object, *milliseconds_object, *body;
    const uint8_t *bytes;
    Py_ssize_t size;
    long long milliseconds;
    int kind;
} Tag;

static void forget(Shape *shape)
{
    Py_CLEAR(shape->track);
    Py_CLEAR(shape->duration);
    Py_CLEAR(shape->is_key_frame);
    Py_CLEAR(shape->behind);
}

static int read_tag(PyObject *object, Tag *tag)
{
    if (!PyTuple_Check(object) || PyTuple_Size(object) != 3 || !PyBytes_Check(PyTuple_GetItem(object, 2))) {
        PyErr_SetString(PyExc_TypeError, "a tag is its kind, its milliseconds, and bytes");
        return -1;
    }
    tag->kind_object = PyTuple_GetItem(object, 0);
    tag->kind = (int)PyLong_AsLong(tag->kind_object);
    tag->milliseconds_object = PyTuple_GetItem(object, 1);
    tag->milliseconds = PyLong_AsLongLong(tag->milliseconds_object);
    tag->body = PyTuple_GetItem(object, 2);
    tag->bytes = (const uint8_t *)PyBytes_AsString(tag->body);
    tag->size = PyBytes_Size(tag->body);
    return PyErr_Occurred() ? -1 : 0;
}

/* Read a shape, whose fields stand in their order (pull/shapes.py), and what else is the same in all its samples. */
static int fill_shape(const Burst *burst, PyObject *source, const Tag *tag, Shape *shape)
{
    if (!PyTuple_Check(source) || PyTuple_Size(source) != 4) {
        PyErr_SetString(PyExc_TypeError, "a shape is a track and three facts");
        return -1;
    }
    shape->track = Py_NewRef(PyTuple_GetItem(source, 0));
    shape->begin = PyLong_AsSsize_t(PyTuple_GetItem(source, 1));
    shape->behind = PySlice_New(PyTuple_GetItem(source, 1), NULL, NULL);
    shape->has_composition = PyObject_IsTrue(PyTuple_GetItem(source, 2));
    shape->is_key_frame = Py_NewRef(PyTuple_GetItem(source, 3));
    shape->duration = PyObject_GetAttrString(shape->track, "frame_ms");
    PyObject *tick = shape->duration ? PyObject_GetAttrString(shape->track, "seconds_per_tick") : NULL;
    shape->seconds_per_tick = tick ? PyFloat_AsDouble(tick) : 0;
    Py_XDECREF(tick);
    PyObject *newest = PyDict_GetItemWithError(burst->newest_ms, tag->kind_object);
    if (!newest && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, tag->kind_object);
    shape->newest_ms = newest ? PyLong_AsLongLong(newest) : 0;
    shape->kind = tag->kind;
    shape->first = tag->bytes[0];
    shape->second = tag->bytes[1];
    return PyErr_Occurred() ? -1 : 0;
}

/* The shape that stands in the dictionary for a tag: 1 with a reference in `found`, 0 if there is none, -1 in error. */
static int look_up(const Burst *burst, const Tag *tag, PyObject **found)
{
    PyObject *key = Py_BuildValue("(iy#)", tag->kind, (const char *)tag->bytes, (Py_ssize_t)2);
    *found = key ? Py_XNewRef(PyDict_GetItemWithError(burst->shapes, key)) : NULL;
    Py_XDECREF(key);
    return *found ? 1 : PyErr_Occurred() ? -1 : 0;
}

/* The shape of a tag, NULL where it has none: with an exception, or without. */
static const Shape *shape_of(Burst *burst, const Tag *tag)
{
    if (tag->size < 2)
        return NULL;
    for (size_t at = 0; at < burst->met_count; at++) {
        const Shape *shape = &burst->met[at];
        if (shape->first == tag->bytes[0] && shape->second == tag->bytes[1] && shape->kind == tag->kind)
            return shape;
    }
    PyObject *source;
    if (look_up(burst, tag, &source) != 1)
        return NULL;
    Shape read = {0};
    int failed = fill_shape(burst, source, tag, &read) < 0;
    Py_DECREF(source);
    if (failed) {
        forget(&read);
        return NULL;
    }
    Shape *place = &burst->met[burst->next];
    burst->next = (burst->next + 1) % KNOWN_SHAPES; /* a source may have thousands, of two or three that matter */
    burst->met_count += burst->met_count < KNOWN_SHAPES;
    forget(place);
    *place = read;
    return place;
}

/* What a burst brings of a track came one after another, the last of it just now. */
static PyObject *arrival(const Burst *burst, const Shape *shape, const Tag *tag)
{
    long long age_ms = shape->newest_ms - tag->milliseconds;
    if (age_ms <= 0)
        return Py_NewRef(burst->now);
    double gathered = (double)age_ms < burst->gathered_ms ? (double)age_ms : burst->gathered_ms;
    return PyFloat_FromDouble(burst->now_seconds - gathered / 1000);
}

/* When the frame is shown: H.264 in its old form says how much later than it is decoded (FLV 10.1, E.4.3.1). */
static PyObject *presentation(const Shape *shape, const Tag *tag)
{
    if (!shape->has_composition || tag->size < COMPOSITION_AT + COMPOSITION_BYTES)
        return Py_NewRef(tag->milliseconds_object);
    const uint8_t *three = tag->bytes + COMPOSITION_AT;
    long later_ms = (long)three[0] << 16 | three[1] << 8 | three[2];
    if (!later_ms)
        return Py_NewRef(tag->milliseconds_object);
    return PyLong_FromLongLong(tag->milliseconds + later_ms - (three[0] & 0x80 ? 1L << 24 : 0));
}

/* The body behind what the shape skips; a picture is not copied to be read. */
static PyObject *payload_of(const Shape *shape, const Tag *tag)
{
    PyObject *whole = PyMemoryView_FromObject(tag->body);
    PyObject *payload = whole ? PyObject_GetItem(whole, shape->behind) : NULL;
    Py_XDECREF(whole);
    return payload;
}

/* `Sample(track, payload, milliseconds, presented, track.frame_ms, is_key_frame, arrived_at)`. */
static PyObject *made_sample(const Burst *burst, const Shape *shape, const Tag *tag)
{
    const Known *known = burst->known;
    PyObject *presented = presentation(shape, tag);
    PyObject *values[SLOTS] = {
        [TRACK] = Py_NewRef(shape->track),
        [PAYLOAD] = payload_of(shape, tag),
        [SIZE] = PyLong_FromSsize_t(tag->size - shape->begin),
        [PACKET] = Py_NewRef(Py_None),
        [DTS] = Py_NewRef(tag->milliseconds_object),
        [PTS] = presented,
        [SOURCE_PTS] = Py_XNewRef(presented),
        [AT] = PyFloat_FromDouble((double)tag->milliseconds * shape->seconds_per_tick),
        [DURATION] = Py_NewRef(shape->duration),
        [IS_KEY_FRAME] = Py_NewRef(shape->is_key_frame),
        [ARRIVED_AT] = arrival(burst, shape, tag),
        [REPAIRS] = Py_NewRef(known->nothing),
    };
    PyObject *sample = PyType_GenericAlloc(known->sample, 0);
    int failed = !sample;
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (failed)
            Py_XDECREF(values[slot]);
        else
            failed = set_slot(&known->slots[slot], sample, values[slot]) < 0;
    if (failed)
        Py_CLEAR(sample);
    return sample;
}

/* Add the samples of the tags from `at` on, up to the first that has no shape, or no payload. */
static int add_known(Burst *burst, PyObject *tags, Py_ssize_t at, PyObject *samples)
{
    for (Py_ssize_t count = PyList_Size(tags); at < count; at++) {
        Tag tag;
        if (read_tag(PyList_GetItem(tags, at), &tag) < 0)
            return -1;
        const Shape *shape = shape_of(burst, &tag);
        if (!shape)
            return PyErr_Occurred() ? -1 : 0;
        if (tag.size <= shape->begin)
            return 0;
        PyObject *sample = made_sample(burst, shape, &tag);
        int failed = !sample || PyList_Append(samples, sample) < 0;
        Py_XDECREF(sample);
        if (failed)
            return -1;
    }
    return 0;
}

/* of(tags, at, shapes, newest_ms, now, gathered_ms) */
static PyObject *samples_of(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    if (count != 6 || !PyList_Check(given[0]) || !PyDict_Check(given[2]) || !PyDict_Check(given[3])) {
        PyErr_SetString(PyExc_TypeError, "of(tags, at, shapes, newest_ms, now, gathered_ms)");
        return NULL;
    }
    Burst burst = {.known = (const Known *)object, .shapes = given[2], .newest_ms = given[3], .now = given[4]};
    Py_ssize_t at = PyLong_AsSsize_t(given[1]);
    burst.now_seconds = PyFloat_AsDouble(given[4]);
    burst.gathered_ms = PyFloat_AsDouble(given[5]);
    if (at < 0 && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a place in a list is not negative");
    if (PyErr_Occurred())
        return NULL;
    PyObject *samples = PyList_New(0);
    if (samples && add_known(&burst, given[0], at, samples) < 0)
        Py_CLEAR(samples);
    for (size_t met = 0; met < burst.met_count; met++)
        forget(&burst.met[met]);
    return samples;
}

/* Every slot of a sample is set here: a class that has one more is none of these samples. */
static int find_all_slots(Known *self)
{
    PyObject *names = PyObject_GetAttrString((PyObject *)self->sample, "__slots__");
    Py_ssize_t count = names ? PyObject_Size(names) : -1;
    Py_XDECREF(names);
    if (count >= 0 && count != SLOTS)
        PyErr_SetString(PyExc_TypeError, "samples have slots that native/samples.c does not know");
    return count == SLOTS ? find_slots((PyObject *)self->sample, NAMES, SLOTS, self->slots) : -1;
}

static PyObject *new_known(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    (void)names;
    PyObject *sample, *nothing;
    if (!PyArg_ParseTuple(arguments, "O!O:KnownSamples", &PyType_Type, &sample, &nothing))
        return NULL;
    Known *self = (Known *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->sample = (PyTypeObject *)Py_NewRef(sample);
    self->nothing = Py_NewRef(nothing);
    if (find_all_slots(self) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void free_known(PyObject *object)
{
    Known *self = (Known *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF((PyObject *)self->sample);
    Py_XDECREF(self->nothing);
    free_slots(self->slots, SLOTS);
    PyObject_Free(object);
    Py_DECREF((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"of", (PyCFunction)(void (*)(void))samples_of, METH_FASTCALL, "The samples up to the first tag without a shape."},
    {NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Makes the samples of frames that go on as before."},
    {Py_tp_new, (void *)new_known},
    {Py_tp_dealloc, (void *)free_known},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "recorder_task.native._loops.KnownSamples",
    .basicsize = sizeof(Known),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int add_samples(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int result = type ? PyModule_AddType(module, (PyTypeObject *)type) : -1;
    Py_XDECREF(type);
    return result;
}
