/* Reading a Sample, or a Track (recorder_task/sample.py). */

#ifndef TAPEDECK_FIELDS_H
#define TAPEDECK_FIELDS_H

#include "loops.h"

enum field { AT, DTS, PTS, DURATION, SIZE, IS_KEY_FRAME, PAYLOAD, TRACK, REPAIRS, INDEX, SECONDS_PER_TICK, FIELDS };

/* Each sets an exception and returns NULL or -1 where the sample has no such field, or one of another type. */
PyObject *field(PyObject *object, enum field name);
int field_integer(PyObject *object, enum field name, long long *value);
int field_double(PyObject *object, enum field name, double *value);
int field_truth(PyObject *object, enum field name);

/* The bytes of a payload, or of anything else that has some; the caller releases them. */
int bytes_of(PyObject *object, Py_buffer *view);

#endif
