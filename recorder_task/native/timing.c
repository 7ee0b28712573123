/* Whole bursts of samples on their way from the source to the muxers: which of them simply follow the one before
   (`plain_follow` in timing/timeline.py). */

#include "loops.h"

enum { TRACK, DTS, PTS, AT, DURATION, ARRIVED_AT, REPAIRS, SAMPLE_SLOTS };
enum { LAST, LAST_SOURCE, SHIFT, STEP, CLOCK_ARRIVED_AT, OTHERS_TURN, OTHER, CLOCK_SLOTS };
enum { KINDS = 2 };

static const char *const SAMPLE_NAMES[SAMPLE_SLOTS] = {"track",    "dts",        "pts",    "at",
                                                       "duration", "arrived_at", "repairs"};
static const char *const CLOCK_NAMES[CLOCK_SLOTS] = {"last",       "last_source", "shift", "step",
                                                     "arrived_at", "others_turn", "other"};

typedef struct {
    PyObject_HEAD
    Slot sample[SAMPLE_SLOTS];
    Slot clock[CLOCK_SLOTS];
    long long near_ms, desync_ms;
} Follower;

/* One of a timeline's clocks while a burst goes by; the objects are borrowed: no Python runs meanwhile. */
typedef struct {
    PyObject *kind, *clock, *track;
    PyObject *newest; /* The track's last sample of this burst. */
    long long last, step;
    int may_follow, has_other, others_turn;
} Clock;

static int read_clock(const Follower *self, Clock *clock, PyObject *beside)
{
    PyObject *other = get_slot(&self->clock[OTHER], clock->clock);
    PyObject *turn = other ? get_slot(&self->clock[OTHERS_TURN], clock->clock) : NULL;
    long long shift = turn ? get_number(&self->clock[SHIFT], clock->clock) : 0;
    clock->last = turn ? get_number(&self->clock[LAST], clock->clock) : 0;
    clock->others_turn = turn && PyObject_IsTrue(turn);
    clock->has_other = other != Py_None;
    clock->may_follow = !shift && (other == Py_None || other == beside);
    Py_XDECREF(turn);
    Py_XDECREF(other);
    return PyErr_Occurred() ? -1 : 0;
}

/* How many there are; -1 with an exception. More than two are nobody's. */
static int read_clocks(const Follower *self, PyObject *of_kinds, Clock *clocks)
{
    Py_ssize_t at = 0, count = PyDict_Size(of_kinds);
    if (count > KINDS)
        return 0;
    for (Py_ssize_t clock = 0; clock < count; clock++)
        PyDict_Next(of_kinds, &at, &clocks[clock].kind, &clocks[clock].clock);
    for (Py_ssize_t clock = 0; clock < count; clock++)
        if (read_clock(self, &clocks[clock], clocks[1 - clock].clock) < 0)
            return -1;
    return (int)count;
}

/* The clock of a sample's track; NULL where there is none, with an exception or without. */
static Clock *clock_of(const Follower *self, PyObject *sample, Clock *clocks, int count)
{
    PyObject *track = get_slot(&self->sample[TRACK], sample);
    Py_XDECREF(track); /* the sample keeps it */
    for (int clock = 0; track && clock < count; clock++)
        if (clocks[clock].track == track)
            return &clocks[clock];
    PyObject *kind = track ? PyObject_GetAttrString(track, "kind") : NULL;
    Clock *found = NULL;
    for (int clock = 0; kind && !found && clock < count; clock++)
        if (PyObject_RichCompareBool(clocks[clock].kind, kind, Py_EQ) > 0)
            found = &clocks[clock];
    Py_XDECREF(kind);
    if (found)
        found->track = track;
    return found;
}

static int is_true(const Slot *slot, PyObject *object)
{
    PyObject *value = get_slot(slot, object);
    int result = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return result;
}

/* 1 if a sample simply follows, 0 if something has to be done with it, -1 with an exception. */
static int follows(const Follower *self, PyObject *sample, Clock *clocks, int count)
{
    int is_repaired = is_true(&self->sample[REPAIRS], sample);
    Clock *clock = is_repaired ? NULL : clock_of(self, sample, clocks, count);
    if (!clock || !clock->may_follow)
        return PyErr_Occurred() ? -1 : 0;
    long long dts = get_number(&self->sample[DTS], sample), pts = get_number(&self->sample[PTS], sample);
    if (PyErr_Occurred())
        return -1;
    long long step = dts - clock->last;
    if (pts < dts || step <= 0 || step > self->near_ms)
        return 0;
    if (clock->has_other) {
        Clock *other = &clocks[clock == clocks];
        long long ahead = dts - other->last;
        if (ahead < -self->desync_ms || ahead > self->desync_ms)
            return 0;
        other->others_turn = 1;
        clock->others_turn = 0;
    }
    clock->last = dts;
    clock->step = step;
    clock->newest = sample;
    int has_duration = is_true(&self->sample[DURATION], sample);
    if (!has_duration)
        has_duration = 1 + set_slot(&self->sample[DURATION], sample, PyLong_FromLongLong(step));
    return has_duration > 0 ? 1 : -1;
}

/* Tell a clock what went by, and `newest` when its last sample was. */
static int write_clock(const Follower *self, const Clock *clock, PyObject *newest)
{
    if (set_slot(&self->clock[OTHERS_TURN], clock->clock, PyBool_FromLong(clock->others_turn)) < 0)
        return -1;
    if (!clock->newest)
        return 0;
    PyObject *at = get_slot(&self->sample[AT], clock->newest);
    int failed = !at || PyDict_SetItem(newest, clock->kind, at) < 0;
    Py_XDECREF(at);
    return failed || set_slot(&self->clock[LAST], clock->clock, PyLong_FromLongLong(clock->last)) < 0 ||
                   set_slot(&self->clock[LAST_SOURCE], clock->clock, PyLong_FromLongLong(clock->last)) < 0 ||
                   set_slot(&self->clock[STEP], clock->clock, PyLong_FromLongLong(clock->step)) < 0 ||
                   set_slot(&self->clock[CLOCK_ARRIVED_AT], clock->clock,
                            get_slot(&self->sample[ARRIVED_AT], clock->newest)) < 0
               ? -1
               : 0;
}

/* follow(samples, at, clocks, newest) */
static PyObject *follow(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    const Follower *self = (const Follower *)object;
    if (count != 4 || !PyList_Check(given[0]) || !PyDict_Check(given[2]) || !PyDict_Check(given[3])) {
        PyErr_SetString(PyExc_TypeError, "follow(samples, at, clocks, newest)");
        return NULL;
    }
    Py_ssize_t at = PyLong_AsSsize_t(given[1]), end = PyList_Size(given[0]);
    if (at < 0 && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a place in a list is not negative");
    Clock clocks[KINDS] = {{0}};
    int found = PyErr_Occurred() ? -1 : read_clocks(self, given[2], clocks);
    int goes_on = found < 0 ? -1 : 1;
    while (goes_on > 0 && at < end) {
        goes_on = follows(self, PyList_GetItem(given[0], at), clocks, found);
        at += goes_on > 0;
    }
    for (int clock = 0; goes_on >= 0 && clock < found; clock++)
        if (write_clock(self, &clocks[clock], given[3]) < 0)
            goes_on = -1;
    return goes_on < 0 ? NULL : PyLong_FromSsize_t(at);
}

static PyObject *new_follower(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    (void)names;
    PyObject *sample, *clock;
    long long near_ms, desync_ms;
    if (!PyArg_ParseTuple(arguments, "O!O!LL:Follower", &PyType_Type, &sample, &PyType_Type, &clock, &near_ms,
                          &desync_ms))
        return NULL;
    Follower *self = (Follower *)PyType_GenericAlloc(type, 0);
    if (!self)
        return NULL;
    self->near_ms = near_ms;
    self->desync_ms = desync_ms;
    if (find_slots(sample, SAMPLE_NAMES, SAMPLE_SLOTS, self->sample) < 0 ||
        find_slots(clock, CLOCK_NAMES, CLOCK_SLOTS, self->clock) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void free_follower(PyObject *object)
{
    Follower *self = (Follower *)object;
    PyTypeObject *type = Py_TYPE(object);
    free_slots(self->sample, SAMPLE_SLOTS);
    free_slots(self->clock, CLOCK_SLOTS);
    PyObject_Free(object);
    Py_DECREF((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"follow", (PyCFunction)(void (*)(void))follow, METH_FASTCALL, "Where the first is that does not simply follow."},
    {NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Places samples that simply follow the one before."},
    {Py_tp_new, (void *)new_follower},
    {Py_tp_dealloc, (void *)free_follower},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "recorder_task.native._loops.Follower",
    .basicsize = sizeof(Follower),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

int add_timing(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int result = type ? PyModule_AddType(module, (PyTypeObject *)type) : -1;
    Py_XDECREF(type);
    return result;
}
