/* SPDX-License-Identifier: Apache-2.0 */
/* Images of one's own, without copies. */
#include "binding.h"

void binding_data_destroy(void *p)
{
    binding_data *data = p;
    mho_data_destroy(data->data);
    for (size_t i = 0; i < data->buffers; i++)
        PyBuffer_Release(&data->buffer[i]);
    PyMem_Free(data);
}

/* Of an array that is None: NULL. */
static bool take(binding_data *data, PyObject *object, const char *what, mho_array *array,
                 const mho_array **out)
{
    *out = NULL;
    if (object == Py_None)
        return true;
    if (!binding_array(object, what, &data->buffer[data->buffers], array))
        return false;
    data->buffers++;
    *out = array;
    return true;
}

static PyObject *of_arrays(PyObject *self, PyObject *args)
{
    static const char *const what[] = {"x of train", "y of train", "x", "y"};
    const char *name;
    PyObject *object[4];
    mho_array array[4];
    const mho_array *given[4];
    (void)self;
    if (!PyArg_ParseTuple(args, "zOOOO", &name, &object[0], &object[1], &object[2], &object[3]))
        return NULL;
    binding_data *data = PyMem_Calloc(1, sizeof *data);
    if (!data)
        return PyErr_NoMemory();
    for (size_t i = 0; i < 4; i++)
        if (!take(data, object[i], what[i], &array[i], &given[i])) {
            binding_data_destroy(data);
            return NULL;
        }
    const mho_status s =
        mho_data_of_arrays(name, given[0], given[1], given[2], given[3], &data->data);
    if (!s)
        return binding_wrap(data, HANDLE_DATA);
    binding_data_destroy(data);
    return binding_raise(s);
}

/* What is wanted of the parts; test images only where there are some. */
static mho_status open_parts(const char *where, bool train, bool test, mho_data **out)
{
    mho_data *found = NULL;
    mho_status s = MHO_OK;
    if (train && test) {
        s = mho_data_open(where, false, false, &found);
        test = !s && found->has_test;
        mho_data_destroy(found);
    }
    return s ? s : mho_data_open(where, train, test, out);
}

static PyObject *open_data(PyObject *self, PyObject *args)
{
    const char *where;
    int train, test;
    PyObject *how;
    binding_call call;
    (void)self;
    if (!PyArg_ParseTuple(args, "zppO", &where, &train, &test, &how))
        return NULL;
    binding_data *data = PyMem_Calloc(1, sizeof *data);
    if (!data)
        return PyErr_NoMemory();
    if (binding_begin(&call, how) &&
        binding_end(&call, open_parts(where, train, test, &data->data)))
        return binding_wrap(data, HANDLE_DATA);
    binding_data_destroy(data);
    return NULL;
}

static PyObject *about(PyObject *self, PyObject *args)
{
    const mho_data *data;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_data_or_none, &data))
        return NULL;
    return Py_BuildValue("{s:s,s:s,s:n,s:n,s:O}", "name", data->name, "place", data->place, "train",
                         (Py_ssize_t)data->train.count, "test", (Py_ssize_t)data->test.count,
                         "has_train", data->has_train ? Py_True : Py_False);
}

PyMethodDef binding_data_methods[] = {
    {"data_of_arrays", of_arrays, METH_VARARGS, "(name, x train, y train, x, y)"},
    {"data_open", open_data, METH_VARARGS,
     "(place or None, train, test, how): with these parts, or nothing read yet"},
    {"data_about", about, METH_VARARGS,
     "(data): name, place, images that were read, whether there are training images"},
    {NULL, NULL, 0, NULL}};
