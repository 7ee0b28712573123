#include "loops.h"

int add_mp4(PyObject *module)
{
    (void)module;
    return 0;
}
