#include "fields.h"

static const char *const spelled[FIELDS] = {
    "at", "dts", "pts", "duration", "size", "is_key_frame", "payload", "track", "repairs", "index", "seconds_per_tick",
};
static PyObject *names[FIELDS];

int add_fields(PyObject *module)
{
    (void)module;
    for (int name = 0; name < FIELDS; name++) {
        if (names[name] == NULL)
            names[name] = PyUnicode_InternFromString(spelled[name]);
        if (names[name] == NULL)
            return -1;
    }
    return 0;
}

PyObject *field(PyObject *object, enum field name) { return PyObject_GetAttr(object, names[name]); }

int field_integer(PyObject *object, enum field name, long long *value)
{
    PyObject *found = field(object, name);
    if (found == NULL)
        return -1;
    *value = PyLong_AsLongLong(found);
    Py_DECREF(found);
    return *value == -1 && PyErr_Occurred() ? -1 : 0;
}

int field_double(PyObject *object, enum field name, double *value)
{
    PyObject *found = field(object, name);
    if (found == NULL)
        return -1;
    *value = PyFloat_AsDouble(found);
    Py_DECREF(found);
    return *value == -1.0 && PyErr_Occurred() ? -1 : 0;
}

int field_truth(PyObject *object, enum field name)
{
    PyObject *found = field(object, name);
    if (found == NULL)
        return -1;
    int truth = PyObject_IsTrue(found);
    Py_DECREF(found);
    return truth;
}

int bytes_of(PyObject *object, Py_buffer *view) { return PyObject_GetBuffer(object, view, PyBUF_SIMPLE); }
