/* Writing behind what a Buffer holds (recorder_task/uploads/buffers.py). */

#ifndef TAPEDECK_PLACE_H
#define TAPEDECK_PLACE_H

#include "loops.h"

struct place {
    unsigned char *at;
    Py_ssize_t size_bytes; /* what the buffer will hold */
    Py_buffer room;
};

/* Room for so many bytes behind what the buffer holds; -1 with an exception set where there is none. */
int open_place(PyObject *buffer, Py_ssize_t bytes, struct place *place);

/* They are written: the buffer holds them. */
int close_place(PyObject *buffer, struct place *place);

#endif
