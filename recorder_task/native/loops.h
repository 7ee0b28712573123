/* What the files of the module share. The stable ABI: one build serves every Python from 3.11 on. */

#ifndef TAPEDECK_LOOPS_H
#define TAPEDECK_LOOPS_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <stdint.h>
#include <string.h>

/* Each file adds what it has to the module; -1 with an exception set where it cannot. */
int add_fields(PyObject *module);
int add_chunks(PyObject *module);
int add_samples(PyObject *module);
int add_totals(PyObject *module);
int add_pieces(PyObject *module);
int add_timing(PyObject *module);
int add_flv(PyObject *module);
int add_mp4(PyObject *module);
int add_mpegts(PyObject *module);

/* An attribute that a class keeps in its `__slots__`, read and set without the interpreter (slots.c). */
typedef struct {
    PyObject *descriptor;
    descrgetfunc get;
    descrsetfunc set;
} Slot;

/* Those with these names; -1 with an exception where the class has no such slot. `free_slots` frees what was found. */
int find_slots(PyObject *type, const char *const *names, size_t count, Slot *slots);
void free_slots(Slot *slots, size_t count);
/* A new reference, NULL with an exception for an object of another class. */
PyObject *get_slot(const Slot *slot, PyObject *object);
/* Takes the reference to `value`, which may be NULL where an exception is set; -1 with an exception. */
int set_slot(const Slot *slot, PyObject *object, PyObject *value);
/* The same for a whole number; -1 with an exception, or without. */
long long get_number(const Slot *slot, PyObject *object);

#endif
