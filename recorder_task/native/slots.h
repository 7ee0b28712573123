/* Attributes that a class keeps in its `__slots__`, set without the interpreter: by the descriptors that it has. */

#ifndef TAPEDECK_SLOTS_H
#define TAPEDECK_SLOTS_H

#include "loops.h"

typedef struct {
    PyObject *descriptor;
    descrsetfunc set;
} Slot;

/* Those with these names; -1 with an exception where the class has no such slot. `free_slots` frees what was found. */
int find_slots(PyObject *type, const char *const *names, size_t count, Slot *slots);
void free_slots(Slot *slots, size_t count);
/* Takes the reference to `value`, which may be NULL where an exception is set; -1 with an exception. */
int set_slot(const Slot *slot, PyObject *object, PyObject *value);

#endif
