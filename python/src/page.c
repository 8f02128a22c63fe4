/* SPDX-License-Identifier: Apache-2.0 */
/* Pages, and what is built in. */
#include <string.h>

#include "binding.h"

static PyObject *write_page(PyObject *self, PyObject *args)
{
    const char *json, *path;
    Py_ssize_t size;
    mho_output *output = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "s#s", &json, &size, &path))
        return NULL;
    mho_status s = mho_output_open(path, &output);
    if (!s)
        s = mho_output_finish(output,
                              mho_page_write(json, (size_t)size, mho_output_stream(output)));
    return s ? binding_raise(s) : Py_NewRef(Py_None);
}

static PyObject *write_report(PyObject *self, PyObject *args)
{
    const char *store, *path;
    PyObject *how;
    binding_call call;
    mho_output *output = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssO", &store, &path, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    mho_status s = mho_output_open(path, &output);
    if (!s)
        s = mho_output_finish(output, mho_report_write(store, mho_output_stream(output)));
    return binding_end(&call, s) ? Py_NewRef(Py_None) : NULL;
}

/* Names of the files FOLDER/NAME.ENDING that are compiled in. */
static PyObject *built_in(PyObject *self, PyObject *args)
{
    const char *folder, *ending;
    size_t count;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss", &folder, &ending))
        return NULL;
    const mho_asset *asset = mho_assets(&count);
    const size_t before = strlen(folder), after = strlen(ending);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < count; i++) {
        const size_t n = strlen(asset[i].path);
        if (n <= before + after || strncmp(asset[i].path, folder, before) != 0 ||
            strcmp(asset[i].path + n - after, ending) != 0)
            continue;
        PyObject *name =
            PyUnicode_FromStringAndSize(asset[i].path + before, (Py_ssize_t)(n - before - after));
        if (!name || PyList_Append(list, name))
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

PyMethodDef binding_page_methods[] = {
    {"page_write", write_page, METH_VARARGS, "(JSON, path)"},
    {"report_write", write_report, METH_VARARGS, "(store, path, how)"},
    {"built_in", built_in, METH_VARARGS, "(folder, ending): names"},
    {NULL, NULL, 0, NULL}};
