#include "slots.h"

static int find_slot(PyObject *type, const char *name, Slot *slot)
{
    slot->descriptor = PyObject_GetAttrString(type, name);
    if (!slot->descriptor)
        return -1;
    slot->set = (descrsetfunc)PyType_GetSlot(Py_TYPE(slot->descriptor), Py_tp_descr_set);
    if (slot->set)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s is no slot of %R", name, type);
    return -1;
}

int find_slots(PyObject *type, const char *const *names, size_t count, Slot *slots)
{
    for (size_t slot = 0; slot < count; slot++)
        if (find_slot(type, names[slot], &slots[slot]) < 0)
            return -1;
    return 0;
}

void free_slots(Slot *slots, size_t count)
{
    for (size_t slot = 0; slot < count; slot++)
        Py_CLEAR(slots[slot].descriptor);
}

int set_slot(const Slot *slot, PyObject *object, PyObject *value)
{
    int result = value ? slot->set(slot->descriptor, object, value) : -1;
    Py_XDECREF(value);
    return result;
}
