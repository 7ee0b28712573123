#include "room.h"

static int open_room(Room *room, size_t bytes)
{
    PyObject *view = PyObject_CallMethod(room->buffer, "reserve", "n", (Py_ssize_t)bytes);
    if (!view)
        return -1;
    int status = PyObject_GetBuffer(view, &room->memory, PyBUF_WRITABLE);
    Py_DECREF(view);
    if (status < 0)
        return -1;
    room->is_open = 1;
    room->used_bytes = 0;
    if ((size_t)room->memory.len >= bytes)
        return 0;
    PyErr_SetString(PyExc_MemoryError, "a buffer with less room than it was asked for");
    return -1;
}

uint8_t *room_for(Room *room, size_t bytes)
{
    if (bytes > PY_SSIZE_T_MAX / 4) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!room->is_open || (size_t)(room->memory.len - room->used_bytes) < bytes)
        if (room_close(room) < 0 || open_room(room, bytes) < 0)
            return NULL;
    return (uint8_t *)room->memory.buf + room->used_bytes;
}

void room_fill(Room *room, size_t bytes) { room->used_bytes += (Py_ssize_t)bytes; }

int room_close(Room *room)
{
    if (!room->is_open)
        return PyErr_Occurred() ? -1 : 0;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback); /* what was written before it is told all the same */
    PyBuffer_Release(&room->memory);
    room->is_open = 0;
    PyObject *told = PyObject_CallMethod(room->buffer, "advance", "n", room->used_bytes);
    Py_XDECREF(told);
    if (type) {
        PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    return told ? 0 : -1;
}
