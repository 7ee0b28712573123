/* The type `TsWriter`, as its files share it. */

#ifndef TAPEDECK_TS_WRITER_H
#define TAPEDECK_TS_WRITER_H

#include "ts_tracks.h"

typedef struct {
    PyObject_HEAD
    PyObject *tables;       /* bytes: what a segment begins with */
    PyObject *tables_again; /* bytes: what stands in front of its later key frames */
    PyObject *buffer; /* of the segment under way */
    Pictures pictures;
    Sound sound;
    double hole_seconds, ends_at;
    Py_ssize_t taken;
    int is_busy; /* a call is under way, and what it asks of Python may call again, or let another thread do so */
} TsWriter;

/* Take the sample at `first`, and those behind it as far as they belong to the segment whatever they are; `taken` says
   how many, and where an exception is set, the next one is refused. */
void ts_take_run(TsWriter *writer, PyObject *samples, Py_ssize_t first, double until, Room *room);

#endif
