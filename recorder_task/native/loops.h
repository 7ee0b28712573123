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
int add_flv(PyObject *module);
int add_mp4(PyObject *module);
int add_mpegts(PyObject *module);

#endif
