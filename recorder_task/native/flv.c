#include "loops.h"

int add_flv(PyObject *module)
{
    (void)module;
    return 0;
}
