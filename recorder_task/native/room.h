/* The memory that files are written into: that of `Buffer` (uploads/buffers.py), which grows in Python. */

#ifndef TAPEDECK_ROOM_H
#define TAPEDECK_ROOM_H

#include "loops.h"

/* The room of a Python `Buffer` behind what it holds, as long as one call writes there. */
typedef struct {
    PyObject *buffer; /* borrowed */
    Py_buffer memory;
    int is_open;
    Py_ssize_t used_bytes;
} Room;

/* Where so many bytes can be written; NULL with an exception set where there is no memory. */
uint8_t *room_for(Room *room, size_t bytes);
/* They were written up to here. */
void room_fill(Room *room, size_t bytes);
/* Tell the buffer, and let its memory go; -1 with an exception set, which may be an earlier one. */
int room_close(Room *room);

#endif
