/* What some samples amount to, by track: Tally.add (recorder_task/tally.py). */

#include "fields.h"

enum { TRACKS = 8 };

struct total {
    PyObject *track; /* held; the samples are held by their sequence */
    PyObject *first;
    PyObject *last;
    long long size_bytes;
    long long samples;
};

struct totals {
    struct total of[TRACKS];
    int tracks;
};

/* The total of a track, which comes with a reference of its own that is taken here. */
static struct total *total_of(struct totals *totals, PyObject *track, PyObject *sample)
{
    for (int number = 0; number < totals->tracks; number++)
        if (totals->of[number].track == track) {
            Py_DECREF(track);
            return &totals->of[number];
        }
    if (totals->tracks == TRACKS) {
        Py_DECREF(track);
        PyErr_SetString(PyExc_ValueError, "samples of too many tracks");
        return NULL;
    }
    struct total *total = &totals->of[totals->tracks++];
    *total = (struct total){.track = track, .first = sample};
    return total;
}

static int count(struct totals *totals, PyObject *sample, PyObject *repaired)
{
    PyObject *track = field(sample, TRACK);
    if (track == NULL)
        return -1;
    struct total *total = total_of(totals, track, sample);
    long long size_bytes;
    if (total == NULL || field_integer(sample, SIZE, &size_bytes) < 0)
        return -1;
    total->last = sample;
    total->size_bytes += size_bytes;
    total->samples++;
    int is_repaired = field_truth(sample, REPAIRS);
    return is_repaired > 0 ? PyList_Append(repaired, sample) : is_repaired;
}

static PyObject *as_list(const struct totals *totals)
{
    PyObject *list = PyList_New(0);
    for (int number = 0; list != NULL && number < totals->tracks; number++) {
        const struct total *of = &totals->of[number];
        PyObject *row = Py_BuildValue("(OOOLL)", of->track, of->first, of->last, of->size_bytes, of->samples);
        if (row == NULL || PyList_Append(list, row) < 0)
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *totals_of(PyObject *module, PyObject *given)
{
    (void)module;
    struct totals totals = {.tracks = 0};
    PyObject *result = NULL, *list = NULL;
    PyObject *repaired = PyList_New(0);
    PyObject *samples = PySequence_Tuple(given);
    if (repaired == NULL || samples == NULL)
        goto done;
    Py_ssize_t length = PyTuple_Size(samples);
    for (Py_ssize_t number = 0; number < length; number++)
        if (count(&totals, PyTuple_GetItem(samples, number), repaired) < 0)
            goto done;
    list = as_list(&totals);
    if (list != NULL)
        result = PyTuple_Pack(2, list, repaired);
done:
    for (int number = 0; number < totals.tracks; number++)
        Py_DECREF(totals.of[number].track);
    Py_XDECREF(list);
    Py_XDECREF(repaired);
    Py_XDECREF(samples);
    return result;
}

static PyMethodDef functions[] = {{"totals", totals_of, METH_O, NULL}, {NULL, NULL, 0, NULL}};

int add_totals(PyObject *module) { return PyModule_AddFunctions(module, functions); }
