/* The columns of samples in an MP4: what `columns` of recorder_task/outputs/mp4_columns.py does. */

#include "fields.h"

#include <stdlib.h>

/* How one track counts: a time in its own ticks, times `up`, by `down`, is one of the file's. */
struct scale {
    long long offset;
    long long up;
    long long down;
    long long longest; /* between two samples, and from dts to pts: more has no place in 32 bits */
};

struct columns {
    uint32_t *durations; /* of each sample to the next; the last one's is known with its successor */
    uint32_t *sizes;
    uint32_t *compositions;
    PyObject *payloads;
    long long last_duration; /* in the source's time */
    PyObject *key_frames; /* positions */
    long long earliest;   /* when the next sample may be: times rise */
    long long farthest;   /* and how late, in the source's time */
    long long first;      /* in ticks of the file */
    long long last;
    Py_ssize_t count;
};

static long long floor_division(long long value, long long by)
{
    long long quotient = value / by;
    return value % by != 0 && value < 0 ? quotient - 1 : quotient;
}

static long long ticks_of(const struct scale *scale, long long time)
{
    return floor_division(time * scale->up + scale->down / 2, scale->down);
}

static PyObject *without_delimiter(PyObject *payload)
{
    /* A temporal delimiter before each picture is in no MP4: AV1 Codec ISO Media File Format Binding, 2.4. */
    Py_buffer content;
    if (bytes_of(payload, &content) < 0)
        return NULL;
    const unsigned char *bytes = content.buf;
    int has_one = content.len >= 2 && bytes[0] == 0x12 && bytes[1] == 0;
    Py_ssize_t length = content.len;
    PyBuffer_Release(&content);
    if (!has_one)
        return Py_NewRef(payload);
    PyObject *view = PyMemoryView_FromObject(payload);
    PyObject *rest = view == NULL ? NULL : PySequence_GetSlice(view, 2, length);
    Py_XDECREF(view);
    return rest;
}

static int take_payload(struct columns *columns, PyObject *sample, int has_delimiters)
{
    PyObject *payload = field(sample, PAYLOAD);
    if (payload != NULL && has_delimiters) {
        PyObject *stripped = without_delimiter(payload);
        Py_DECREF(payload);
        payload = stripped;
    }
    if (payload == NULL)
        return -1;
    Py_ssize_t size = PyObject_Size(payload);
    int taken = size < 0 ? -1 : PyList_Append(columns->payloads, payload);
    Py_DECREF(payload);
    columns->sizes[columns->count] = (uint32_t)size;
    return taken;
}

static int note_key_frame(struct columns *columns, PyObject *sample)
{
    int is_key_frame = field_truth(sample, IS_KEY_FRAME);
    if (is_key_frame <= 0)
        return is_key_frame;
    PyObject *position = PyLong_FromSsize_t(columns->count);
    int noted = position == NULL ? -1 : PyList_Append(columns->key_frames, position);
    Py_XDECREF(position);
    return noted;
}

static int is_too_far(const struct columns *columns, const struct scale *scale, PyObject *sample, long long dts,
                      long long pts)
{
    if (dts <= columns->farthest && pts - dts <= scale->longest)
        return 0;
    PyObject *at = field(sample, AT);
    if (at != NULL)
        PyErr_Format(PyExc_OverflowError, "a sample at %S s is too far from the one before it", at);
    Py_XDECREF(at);
    return 1;
}

static int take(struct columns *columns, const struct scale *scale, PyObject *sample, int has_delimiters)
{
    long long dts, pts;
    if (field_integer(sample, DURATION, &columns->last_duration) < 0 ||
        field_integer(sample, DTS, &dts) < 0 || field_integer(sample, PTS, &pts) < 0 ||
        is_too_far(columns, scale, sample, dts, pts) || note_key_frame(columns, sample) < 0 ||
        take_payload(columns, sample, has_delimiters) < 0)
        return -1;
    long long time = dts - scale->offset;
    if (time < columns->earliest)
        time = columns->earliest; /* where audio and video come seconds apart some are earlier than the file */
    long long tick = ticks_of(scale, time), shown = ticks_of(scale, pts - scale->offset);
    if (columns->count == 0)
        columns->first = tick;
    else
        columns->durations[columns->count - 1] = (uint32_t)(tick - columns->last);
    columns->compositions[columns->count] = (uint32_t)(shown > tick ? shown - tick : 0);
    columns->last = tick;
    columns->earliest = time + 1;
    columns->farthest = dts + scale->longest;
    columns->count++;
    return 0;
}

/* The track whose samples are wanted; the objects are borrowed from samples, and only compared. */
struct own {
    long long index;
    PyObject *track, *other;
};

static int is_of(struct own *own, PyObject *sample)
{
    PyObject *track = field(sample, TRACK);
    if (track == NULL)
        return -1;
    long long index = own->index;
    int known = track == own->track || track == own->other;
    int failed = !known && field_integer(track, INDEX, &index) < 0;
    if (!known && !failed)
        *(index == own->index ? &own->track : &own->other) = track;
    Py_DECREF(track); /* the sample keeps it */
    return failed ? -1 : track == own->track;
}

static PyObject *result_of(const struct columns *columns)
{
    Py_ssize_t count = columns->count, width = sizeof(uint32_t);
    return Py_BuildValue("(nLLLLLy#y#y#OO)", count, columns->first, columns->last, columns->last_duration,
                         columns->earliest, columns->farthest,
                         (const char *)columns->durations, (count ? count - 1 : 0) * width,
                         (const char *)columns->sizes, count * width, (const char *)columns->compositions,
                         count * width, columns->key_frames, columns->payloads);
}

static PyObject *columns_of(PyObject *module, PyObject *arguments)
{
    (void)module;
    struct scale scale;
    struct columns columns = {0};
    PyObject *given, *result = NULL;
    struct own own = {0};
    int has_delimiters;
    if (!PyArg_ParseTuple(arguments, "OLLLLLLLp", &given, &own.index, &scale.offset, &scale.up, &scale.down, &scale.longest,
                          &columns.earliest, &columns.farthest, &has_delimiters))
        return NULL;
    PyObject *samples = PySequence_Tuple(given);
    if (samples == NULL)
        return NULL;
    Py_ssize_t length = PyTuple_Size(samples);
    uint32_t *numbers = calloc((size_t)length * 3 + 1, sizeof *numbers);
    columns.durations = numbers;
    columns.sizes = numbers + length;
    columns.compositions = numbers + 2 * length;
    columns.payloads = PyList_New(0);
    columns.key_frames = PyList_New(0);
    if (numbers == NULL)
        PyErr_NoMemory();
    if (numbers == NULL || columns.payloads == NULL || columns.key_frames == NULL)
        goto done;
    for (Py_ssize_t number = 0; number < length; number++) {
        PyObject *sample = PyTuple_GetItem(samples, number);
        int is_own = is_of(&own, sample);
        if (is_own < 0 || (is_own && take(&columns, &scale, sample, has_delimiters) < 0))
            goto done;
    }
    result = result_of(&columns);
done:
    free(numbers);
    Py_XDECREF(columns.payloads);
    Py_XDECREF(columns.key_frames);
    Py_DECREF(samples);
    return result;
}

static PyMethodDef functions[] = {{"columns", columns_of, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

int add_mp4(PyObject *module) { return PyModule_AddFunctions(module, functions); }
