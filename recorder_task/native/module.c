/* The module `_loops`. */

#include "loops.h"

static int fill(PyObject *module)
{
    int (*const parts[])(PyObject *) = {
        add_fields, add_chunks, add_samples,
        add_totals, add_pieces, add_flv, add_mp4, add_mpegts,
    };
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        if (parts[part](module) < 0)
            return -1;
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_loops",
    .m_doc = "The recorder's inner loops.",
    .m_size = 0,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__loops(void) { return PyModuleDef_Init(&definition); }
