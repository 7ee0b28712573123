#include "place.h"

static PyObject *size_bytes, *reserve;

int add_place(PyObject *module)
{
    (void)module;
    if (size_bytes == NULL)
        size_bytes = PyUnicode_InternFromString("size_bytes");
    if (reserve == NULL)
        reserve = PyUnicode_InternFromString("reserve");
    return size_bytes == NULL || reserve == NULL ? -1 : 0;
}

int open_place(PyObject *buffer, Py_ssize_t bytes, struct place *place)
{
    PyObject *held = PyObject_GetAttr(buffer, size_bytes);
    if (held == NULL)
        return -1;
    Py_ssize_t begin = PyLong_AsSsize_t(held);
    Py_DECREF(held);
    if (begin == -1 && PyErr_Occurred())
        return -1;
    PyObject *wanted = PyLong_FromSsize_t(bytes);
    PyObject *room = wanted == NULL ? NULL : PyObject_CallMethodObjArgs(buffer, reserve, wanted, NULL);
    Py_XDECREF(wanted);
    if (room == NULL)
        return -1;
    int got = PyObject_GetBuffer(room, &place->room, PyBUF_WRITABLE);
    Py_DECREF(room); /* the view holds it */
    if (got < 0)
        return -1;
    if (begin < 0 || bytes < 0 || bytes > place->room.len - begin) {
        PyBuffer_Release(&place->room);
        PyErr_SetString(PyExc_ValueError, "the buffer has made no room");
        return -1;
    }
    place->at = (unsigned char *)place->room.buf + begin;
    place->size_bytes = begin + bytes;
    return 0;
}

int close_place(PyObject *buffer, struct place *place)
{
    PyBuffer_Release(&place->room);
    PyObject *held = PyLong_FromSsize_t(place->size_bytes);
    int set = held == NULL ? -1 : PyObject_SetAttr(buffer, size_bytes, held);
    Py_XDECREF(held);
    return set;
}
