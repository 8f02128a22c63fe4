/* SPDX-License-Identifier: Apache-2.0 */
/* The module: its table of functions, exceptions, and handles. */
#include <string.h>

#include "binding.h"

static PyObject *exceptions; /* {name of a status: class}, as the package sets it */

PyObject *binding_raise(mho_status s)
{
    static const char place[] = "command line: "; /* of what the caller set */
    const char *message = mho_error_message();
    if (!strncmp(message, place, sizeof place - 1))
        message += sizeof place - 1;
    PyObject *class = exceptions ? PyDict_GetItemString(exceptions, mho_status_name(s)) : NULL;
    PyErr_SetString(class ? class : PyExc_RuntimeError, *message ? message : mho_status_text(s));
    return NULL;
}

typedef struct kind {
    const char *name;
    void (*destroy)(void *object);
} kind;

static void destroy_net(void *p)
{
    mho_net_destroy(p);
}
static void destroy_hw(void *p)
{
    mho_hw_destroy(p);
}
static void destroy_study(void *p)
{
    mho_study_destroy(p);
}

static const kind kinds[] = {{HANDLE_NET, destroy_net},
                             {HANDLE_HW, destroy_hw},
                             {HANDLE_STUDY, destroy_study},
                             {HANDLE_CHIP, binding_cells_destroy},
                             {HANDLE_DATA, binding_data_destroy}};

static void destroy(void *object, const char *name)
{
    const double began_s = mho_seconds();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].name == name)
            kinds[i].destroy(object);
    binding_spent(mho_seconds() - began_s);
}

static void destroy_capsule(PyObject *capsule)
{
    const char *name = PyCapsule_GetName(capsule);
    PyObject *needed = PyCapsule_GetContext(capsule);
    destroy(PyCapsule_GetPointer(capsule, name), name);
    Py_XDECREF(needed);
}

PyObject *binding_needs(PyObject *capsule, PyObject *other)
{
    if (capsule && !PyCapsule_SetContext(capsule, other))
        Py_INCREF(other);
    return capsule;
}

PyObject *binding_wrap(void *object, const char *name)
{
    PyObject *capsule = PyCapsule_New(object, name, destroy_capsule);
    if (!capsule)
        destroy(object, name);
    return capsule;
}

static int unwrap(PyObject *value, const char *name, bool optional, void *out)
{
    void **pointer = out;
    *pointer = NULL;
    if (optional && value == Py_None)
        return 1;
    *pointer = PyCapsule_GetPointer(value, name);
    return *pointer != NULL;
}

int binding_net(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_NET, false, out);
}
int binding_net_or_none(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_NET, true, out);
}
int binding_hw(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_HW, false, out);
}
int binding_hw_or_none(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_HW, true, out);
}
int binding_data_or_none(PyObject *value, void *out)
{
    binding_data *data;
    const int good = unwrap(value, HANDLE_DATA, true, &data);
    const mho_data *inner = good && data ? data->data : NULL;
    memcpy(out, &inner, sizeof inner);
    return good;
}
int binding_study(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_STUDY, false, out);
}
int binding_chip(PyObject *value, void *out)
{
    return unwrap(value, HANDLE_CHIP, false, out);
}

static PyObject *set_exceptions(PyObject *self, PyObject *table)
{
    (void)self;
    if (!PyDict_Check(table))
        return PyErr_Format(PyExc_TypeError, "want a dictionary");
    Py_XDECREF(exceptions);
    exceptions = Py_NewRef(table);
    return Py_NewRef(Py_None);
}

static PyObject *status_names(PyObject *self, PyObject *none)
{
    static const mho_status all[] = {
#define BINDING_STATUS(name, number, code, text) MHO_##name,
        MHO_STATUS_TABLE(BINDING_STATUS)
#undef BINDING_STATUS
    };
    (void)self;
    (void)none;
    PyObject *list = PyList_New(0);
    for (size_t i = 1; list && i < sizeof all / sizeof *all; i++) {
        PyObject *row = Py_BuildValue("sis", mho_status_name(all[i]), mho_status_exit_code(all[i]),
                                      mho_status_text(all[i]));
        const bool failed = !row || PyList_Append(list, row);
        Py_XDECREF(row);
        if (failed)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *version(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    return PyUnicode_FromString(mho_version());
}

static PyObject *seconds(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    return PyFloat_FromDouble(binding_seconds());
}

static PyMethodDef own_methods[] = {
    {"seconds", seconds, METH_NOARGS,
     "Spent in the library so far, by calls that may take long and by what they leave."},
    {"set_exceptions", set_exceptions, METH_O, "What to raise for the status of each name."},
    {"status_names", status_names, METH_NOARGS, "(name, exit code, text) of every failure."},
    {"version", version, METH_NOARGS, "Of the library."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                 "_mho",
                                 "libmho as functions and handles; use the package mho.",
                                 -1,
                                 own_methods,
                                 NULL,
                                 NULL,
                                 NULL,
                                 NULL};

PyMODINIT_FUNC PyInit__mho(void)
{
    PyMethodDef *const parts[] = {
        binding_net_methods,      binding_hw_methods,    binding_study_methods,
        binding_price_methods,    binding_data_methods,  binding_chip_methods,
        binding_circuit_methods,  binding_train_methods, binding_explore_methods,
        binding_quantize_methods, binding_page_methods,  binding_matrix_methods};
    const mho_status s = mho_cpu_init();
    if (s)
        return binding_raise(s);
    PyObject *module = PyModule_Create(&definition);
    for (size_t i = 0; module && i < sizeof parts / sizeof *parts; i++)
        if (PyModule_AddFunctions(module, parts[i])) {
            Py_DECREF(module);
            return NULL;
        }
    return module;
}
