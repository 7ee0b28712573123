/* Bytes from many places behind what a Buffer holds: Buffer.extend (recorder_task/uploads/buffers.py). */

#include "fields.h"
#include "room.h"

#include <stdlib.h>

static PyObject *put_pieces(PyObject *buffer, PyObject *pieces, Py_buffer *contents, Py_ssize_t *count)
{
    Py_ssize_t length = PyTuple_Size(pieces), total = 0;
    for (; *count < length; (*count)++) {
        if (bytes_of(PyTuple_GetItem(pieces, *count), &contents[*count]) < 0)
            return NULL;
        total += contents[*count].len;
    }
    Room room = {.buffer = buffer};
    unsigned char *at = room_for(&room, (size_t)total);
    for (Py_ssize_t number = 0; at != NULL && number < length; number++) {
        memcpy(at, contents[number].buf, (size_t)contents[number].len);
        at += contents[number].len;
    }
    if (at != NULL)
        room_fill(&room, (size_t)total);
    return room_close(&room) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *extend(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *buffer, *given;
    if (!PyArg_ParseTuple(arguments, "OO", &buffer, &given))
        return NULL;
    PyObject *pieces = PySequence_Tuple(given);
    if (pieces == NULL)
        return NULL;
    PyObject *result = NULL;
    Py_ssize_t count = 0;
    Py_buffer *contents = calloc((size_t)PyTuple_Size(pieces) + 1, sizeof *contents);
    if (contents == NULL)
        PyErr_NoMemory();
    else
        result = put_pieces(buffer, pieces, contents, &count);
    while (count > 0)
        PyBuffer_Release(&contents[--count]);
    free(contents);
    Py_DECREF(pieces);
    return result;
}

static PyMethodDef functions[] = {{"extend", extend, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};

int add_pieces(PyObject *module) { return PyModule_AddFunctions(module, functions); }
